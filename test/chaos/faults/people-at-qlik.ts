import type { Fault, Mend, Scene, StoppedRun } from '../fault.js';
import { until } from '../patiently.js';
import { hostOf, type Signup } from '../rig/signup-backend.js';
import type { ClientAtQlik } from '../rig/sandbox-control.js';

/** What somebody does at Qlik while a customer is onboarded, and what an operator does about it. */
interface Intervention {
  code: string;
  /** Before the customer is accepted; what it returns is done once somebody has interfered. */
  prepare?: (scene: Scene, host: string) => Promise<void | (() => Promise<void>)>;
  /** Once its client is there. */
  interfere?: (scene: Scene, host: string, client: ClientAtQlik) => Promise<void>;
  mend: Mend;
  /** POSTs beyond the one. */
  posts: number;
}

const restoreTenant: Mend = async ({ rig }, { tenantHost }) => {
  await rig.sandbox.setTenant(tenantHost, {});
  return 'retry';
};

/** The way out that the runbook names where the client itself is beyond repair. */
const beginAnew: Mend = async ({ backend }, { runId }) => {
  await backend.change(runId, 'cancel', 'the client is gone');
  await until(
    async () => (await backend.run(runId)).state === 'cancelled',
    60_000,
    () => `The run ${runId} is not cancelled.`,
  );
  return 'retry';
};

/** The client is made, its answer lost: it is looked at again only when the settle window is over. */
const loseCreation = ({ rig }: Scene, tenantHost: string) =>
  rig.sandbox.addFault({ kind: 'reset-after', operation: 'create', times: 1, tenantHost }).then(() => undefined);

const interventions: readonly Intervention[] = [
  {
    code: 'TENANT_DISABLED',
    prepare: ({ rig }, host) => rig.sandbox.setTenant(host, { disabled: true }),
    mend: restoreTenant,
    posts: 0,
  },
  {
    code: 'QLIK_FORBIDDEN',
    prepare: ({ rig }, host) => rig.sandbox.setTenant(host, { forbidden: true }),
    mend: restoreTenant,
    posts: 0,
  },
  {
    code: 'CLIENT_NOT_FOUND',
    // The onboarding comes no further until the client is gone.
    prepare: async ({ rig }, tenantHost) => {
      const id = await rig.sandbox.addFault({ kind: 'status', operation: 'config-patch', status: 503, tenantHost });
      return () => rig.sandbox.removeFault(id);
    },
    interfere: async ({ rig }, host, client) => {
      await rig.sandbox.asAdministrator('DELETE', host, `/api/v1/oauth-clients/${client.clientId}`);
    },
    mend: beginAnew,
    posts: 1,
  },
  {
    code: 'SECRET_CAPACITY',
    prepare: loseCreation,
    interfere: async ({ rig, foreign }, host, client) => {
      await foreign.addSecrets(host, client.clientId, 4);
      await rig.sandbox.asAdministrator(
        'DELETE',
        host,
        `/api/v1/oauth-clients/${client.clientId}/client-secrets/${client.hints[0]}`,
      );
      await foreign.addSecrets(host, client.clientId, 1);
    },
    mend: async ({ rig, foreign }, { tenantHost }) => {
      const { clientId, hint } = foreign.giveUpSecret(tenantHost);
      await rig.sandbox.asAdministrator(
        'DELETE',
        tenantHost,
        `/api/v1/oauth-clients/${clientId}/client-secrets/${hint}`,
      );
      return 'retry';
    },
    posts: 0,
  },
  {
    code: 'HINT_COLLISION',
    prepare: async (scene, tenantHost) => {
      await loseCreation(scene, tenantHost);
      await scene.rig.sandbox.addFault({ kind: 'same-hint', operation: 'secret-create', times: 4, tenantHost });
    },
    mend: beginAnew,
    posts: 1,
  },
];

const numberOf = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
const interventionFor = (name: string): Intervention => interventions[numberOf(name) % interventions.length]!;

async function accept(scene: Scene, name: string): Promise<Signup> {
  const { prepare, interfere } = interventionFor(name);
  const host = hostOf(name);
  const afterwards = await prepare?.(scene, host);
  const signup = await scene.backend.onboard(name);
  if (interfere === undefined) return signup;
  let client: ClientAtQlik | undefined;
  await until(
    async () => {
      const { clients } = await scene.rig.sandbox.state(host);
      client = clients.find(({ clientName }) => clientName.startsWith('tenant-provisioner/'));
      return client !== undefined;
    },
    60_000,
    () => `The client of ${name} does not come.`,
  );
  await interfere(scene, host, client!);
  await afterwards?.();
  return signup;
}

async function mend(scene: Scene, signup: Signup, run: StoppedRun): Promise<'retry' | 'leave'> {
  const intervention = interventionFor(signup.name);
  if (run.error?.code !== intervention.code)
    throw new Error(`${signup.name} stopped with ${run.error?.code}, not ${intervention.code}.`);
  return intervention.mend(scene, signup, run);
}

/** F15 */
export const peopleAtQlik: Fault = {
  id: 'F15',
  title: 'tenant disabled; role revoked; client deleted by hand; five foreign secrets; hint collision',
  full: 500,
  begin: ({ rig, names }) => Promise.resolve({ end: () => rig.sandbox.clearFaults().then(() => names.length) }),
  accept,
  mend,
  postsBeyond: (name) => interventionFor(name).posts,
};
