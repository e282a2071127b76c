import type { Fault, Mend, Scene } from '../../fault.js';
import { until } from '../../patiently.js';
import { hostOf, type Signup } from '../../rig/signup-backend.js';
import type { ClientAtQlik } from '../../rig/sandbox-control.js';
import { rotate } from '../../rotations.js';
import { ofRotations } from './of-rotations.js';

/** What somebody does at Qlik while a secret is rotated, and what an operator does about it. */
interface Intervention {
  /** With which the run stops, if it does. */
  code?: string;
  /** Before the rotation. */
  prepare: (scene: Scene, client: ClientAtQlik) => Promise<unknown>;
  /** Once it was begun. */
  interfere?: (scene: Scene, signup: Signup, client: ClientAtQlik) => Promise<unknown>;
  mend?: Mend;
  /** Secrets beyond the one that is kept. */
  mints: number;
}

const MOST = 5;
const PATIENCE_MS = 60_000;

async function findClient({ rig, foreign }: Scene, host: string): Promise<ClientAtQlik> {
  const { clients } = await rig.sandbox.state(host);
  return clients.find(({ clientId }) => !foreign.clientIds.has(clientId))!;
}

const deleteSecret = ({ rig }: Scene, host: string, clientId: string, hint: string) =>
  rig.sandbox.asAdministrator('DELETE', host, `/api/v1/oauth-clients/${clientId}/client-secrets/${hint}`);

/** Until the rotation has looked at the new secret once more, before it would delete the old one. */
async function untilRetiring({ rig }: Scene, { customerId }: Signup): Promise<void> {
  await until(
    async () => {
      const run = await rig.database.client.run.findFirstOrThrow({
        where: { customerId, plan: 'rotation' },
        include: { steps: { where: { name: 'retire' } } },
      });
      return run.state === 'succeeded' || (run.steps[0]?.attempts ?? 0) > 0;
    },
    PATIENCE_MS,
    () => `The rotation of ${customerId} does not come to retire anything.`,
  );
}

const interventions: readonly Intervention[] = [
  {
    code: 'SECRET_CAPACITY',
    prepare: ({ foreign }, { tenantHost, clientId, hints }) =>
      foreign.addSecrets(tenantHost, clientId, MOST - hints.length),
    mend: async (scene, { tenantHost }) => {
      const { clientId, hint } = scene.foreign.giveUpSecret(tenantHost);
      await deleteSecret(scene, tenantHost, clientId, hint);
      return 'retry';
    },
    mints: 0,
  },
  {
    // The new secret bears the hint of the one that it is to replace, so that it is not used, and neither can be deleted alone.
    code: 'HINT_COLLISION',
    prepare: ({ rig }, { tenantHost }) =>
      rig.sandbox.addFault({ kind: 'same-hint', operation: 'secret-create', times: 1, tenantHost }),
    mend: async (scene, { tenantHost }) => {
      const { clientId, hints } = await findClient(scene, tenantHost);
      const shared = hints.find((hint, index) => hints.indexOf(hint) !== index);
      if (shared === undefined) throw new Error(`No two secrets of ${tenantHost} have one hint.`);
      await deleteSecret(scene, tenantHost, clientId, shared);
      return 'retry';
    },
    mints: 1,
  },
  {
    // The one that everybody has just been given is deleted by hand: the old one is all that is left, and stays until somebody sees to it.
    prepare: () => Promise.resolve(),
    interfere: async (scene, signup, { clientId, hints }) => {
      const { customerId, tenantHost } = signup;
      let made: string | undefined;
      await until(
        async () => {
          const stored = await scene.backend.credentials(customerId);
          made = stored !== undefined && !hints.includes(stored.hint) ? stored.hint : undefined;
          return made !== undefined;
        },
        PATIENCE_MS,
        () => `The new secret of ${tenantHost} does not come.`,
      );
      await deleteSecret(scene, tenantHost, clientId, made!);
      await untilRetiring(scene, signup);
      await scene.rotations!.consumer.expectFirst(signup);
      await scene.backend.rotate(customerId, 'emergency', 'somebody deleted the new secret');
    },
    mints: 0,
  },
];

const interventionFor = (name: string): Intervention =>
  interventions[Number(/\d+$/.exec(name)?.[0] ?? 0) % interventions.length]!;

/** R15 */
export const peopleInRotations: Fault = ofRotations(
  {
    id: 'R15',
    title: 'rotation: five secrets already; a hint that another has; the new secret deleted by hand in the grace',
    full: 80,
    ci: 9,
    begin: ({ rig, names }) => Promise.resolve({ end: () => rig.sandbox.clearFaults().then(() => names.length) }),
    accept: async (scene, name) => {
      const { prepare, interfere } = interventionFor(name);
      const client = await findClient(scene, hostOf(name));
      await prepare(scene, client);
      if (interfere !== undefined) scene.rotations!.consumer.leave(scene.rotations!.onboarded.get(name)!);
      const signup = await rotate(scene, name);
      await interfere?.(scene, signup, client);
      return signup;
    },
    mend: (scene, signup, run) => {
      const { code, mend } = interventionFor(signup.name);
      if (mend === undefined || run.error?.code !== code)
        throw new Error(`${signup.name} stopped with ${run.error?.code}, not ${code}.`);
      return mend(scene, signup, run);
    },
    mintsBeyond: (name) => interventionFor(name).mints,
  },
  { kinds: ['graceful'], withForeign: false },
);
