import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { CustomersService } from '@app/customers';
import { Secret } from '@app/platform';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { type Death, Life } from '../mortal-process.js';
import { describeDeath, MortalWorkers, type Onboarding, parent } from '../mortal-workers.js';

let workers: MortalWorkers;

beforeAll(async () => {
  workers = await MortalWorkers.start();
});
afterAll(() => workers.close());

/** A customer that was signed up with a client that a script had made; the script has a second secret in use. */
interface Enrolment extends Onboarding {
  clientId: string;
  /** Of the script's own secrets. */
  hints: string[];
  tenant: TenantClient;
}

type Kind = 'given' | 'minted';

async function accept(kind: Kind, faults: readonly object[] = []): Promise<Enrolment> {
  let made: Pick<Enrolment, 'clientId' | 'hints' | 'tenant'> | undefined;
  const onboarding = await workers.withRoom(() =>
    workers.accept(async (tenantHost) => {
      const { url } = workers.sandbox;
      const tenant = await TenantClient.connect(url, tenantHost, parent.clientId, parent.clientSecret);
      const body = await tenant.create({ clientName: 'portal', allowedScopes: ['apps:read'] });
      const { clientId, clientSecret } = body;
      const second = await tenant.api('POST', `/${clientId}/client-secrets`);
      made = { clientId, hints: [body.clientSecrets[0]!.hint, second.body.hint], tenant };
      return { clientId, ...(kind === 'given' ? { clientSecret: new Secret(clientSecret) } : {}) };
    }),
  );
  // Signed up long ago: what was on the client then is sure to be listed, so that nothing is waited for.
  await workers.test.database.sql.$executeRaw`
    UPDATE existing_clients SET created_at = created_at - interval '1 hour' WHERE customer_id = ${onboarding.customerId}::uuid`;
  await workers.lose(onboarding.tenantHost, faults);
  return { ...onboarding, ...made! };
}

/** Everything that must hold of an enrolment in the end, whatever happened on the way. */
async function outcomeOf(enrolment: Enrolment) {
  const { client } = workers.test.database;
  const { customerId, runId, tenantHost, clientId, hints } = enrolment;
  const { clients, clientsCreated } = await workers.stateOf(tenantHost);
  const run = await client.run.findUniqueOrThrow({ where: { id: runId } });
  const customer = await client.customer.findUniqueOrThrow({ where: { id: customerId } });
  const recorded = await client.oAuthClient.findMany({ where: { customerId }, include: { secretVersions: true } });
  const existing = await client.existingClient.findUniqueOrThrow({ where: { customerId } });
  const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 100 });
  const times = (action: string) => events.filter((event) => event.action === action).length;
  const atQlik: string[] = clients[0].hints;
  return {
    run: run.state,
    error: run.error,
    customer: customer.state,
    clientsEver: clientsCreated,
    trusted: clients[0].consentMethod,
    scopes: [...clients[0].allowedScopes],
    scriptsSecrets: hints.filter((hint) => atQlik.includes(hint)).length,
    // A secret whose hint is not known is one of the script's.
    oursBeside: atQlik.filter((hint) => !hints.includes(hint)).length,
    recorded: recorded.map(({ clientId: id, secretVersions }) => [id === clientId, secretVersions.length]),
    hintFits: recorded[0]?.secretVersions[0]?.hint === (atQlik.find((hint) => !hints.includes(hint)) ?? null),
    secret: await workers.useStoredSecret(enrolment),
    countsAsRead: recorded[0]?.secretVersions[0]?.firstReadAt instanceof Date,
    givenSecretKept: existing.sealed !== null,
    auditIntact: (await new AuditVerification(workers.test.database).verify(customerId)).intact,
    toldOnce: ['oauth_client.enrolled', 'oauth_client.changed', 'secret.stored', 'customer.ready', 'run.succeeded'].map(
      times,
    ),
    toldOfOthers: times('secret.unrecognised'),
  };
}

const wellIn = (kind: Kind) => ({
  run: 'succeeded',
  error: null,
  customer: 'ready',
  clientsEver: 1,
  trusted: 'trusted',
  scopes: ['apps:read', 'user_default'],
  scriptsSecrets: 2,
  oursBeside: kind === 'given' ? 0 : 1,
  recorded: [[true, 1]],
  hintFits: true,
  secret: 'works',
  countsAsRead: kind === 'given',
  givenSecretKept: false,
  auditIntact: true,
  toldOnce: [1, 1, 1, 1, 1],
  toldOfOthers: 1,
});

const paths: Record<string, { kind: Kind; faults: readonly object[] }> = {
  'with the secret that was given': { kind: 'given', faults: [] },
  'whose secret is minted': { kind: 'minted', faults: [] },
  'whose minted secret was lost': { kind: 'minted', faults: [{ kind: 'reset-after', operation: 'secret-create' }] },
};

/** Ends the worker after each await of such a run, has the healthy one take over, and returns how each ended. */
async function dieAndRecover<Ended>(
  begin: () => Promise<Enrolment>,
  awaited: readonly string[],
  mayOutlive: boolean,
  endOf: (enrolment: Enrolment) => Promise<Ended>,
) {
  const deaths = awaited.map((_what, index): Death => ({ at: index + 1, when: 'after' }));
  const died = await Promise.all(
    deaths.map(async (death) => {
      const enrolment = await begin();
      return { enrolment, died: describeDeath(await workers.die(enrolment.runId, death, { mayOutlive }), death) };
    }),
  );
  await Promise.all(died.map(({ enrolment }) => workers.deliver(workers.healthy, enrolment.runId)));
  return Promise.all(
    died.map(async (one) => ({ died: one.died, end: await workers.withRoom(() => endOf(one.enrolment)) })),
  );
}

describe('a process that dies at any await while it enrols a client', () => {
  it.each(Object.keys(paths))(
    'leaves one working secret, no second client and the script its own: %s',
    async (path) => {
      const { kind, faults } = paths[path]!;
      const whole = await accept(kind, faults);
      const life = new Life();
      await workers.deliver(workers.doomed, whole.runId, life);
      expect(await outcomeOf(whole)).toEqual(wellIn(kind));
      expect(life.awaited).toContain('patch-oauth-client at Qlik');
      expect(life.awaited).not.toContain('create-oauth-client at Qlik');
      expect(life.awaited.includes('create-client-secret at Qlik')).toBe(kind === 'minted');

      const ends = await dieAndRecover(() => accept(kind, faults), life.awaited, faults.length > 0, outcomeOf);
      expect(ends.length).toBeGreaterThan(20);
      expect(ends.filter(({ end }) => !isDeepStrictEqual(end, wellIn(kind)))).toEqual([]);
    },
    120_000,
  );
});

describe('a process that dies while it takes an enrolment back', () => {
  /** A run that enrolled the client, came to a stop, and was then cancelled. */
  async function acceptAndCancel(kind: Kind): Promise<Enrolment> {
    const enrolment = await accept(kind, [{ kind: 'status', status: 403, operation: 'config-patch' }]);
    await workers.deliver(workers.healthy, enrolment.runId);
    expect(await cancel(enrolment.runId)).toBe('needs_attention');
    return enrolment;
  }

  /** Tells a run to stop, and returns the state it was in. */
  async function cancel(runId: string): Promise<string> {
    const { state, revision } = await workers.test.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    const change = { revision, reason: 'by mistake', actor: 'test', requestId: runId };
    await workers.healthy.get(CustomersService, { strict: false }).cancelRun(runId, change);
    return state;
  }

  async function remainsOf({ customerId, runId, tenantHost, hints }: Enrolment) {
    const { client } = workers.test.database;
    const { clients } = await workers.stateOf(tenantHost);
    const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 100 });
    const times = (action: string) => events.filter((event) => event.action === action).length;
    return {
      run: (await client.run.findUniqueOrThrow({ where: { id: runId } })).state,
      customer: (await client.customer.findUniqueOrThrow({ where: { id: customerId } })).state,
      clientsAtQlik: clients.length,
      hintsAtQlik: String(clients[0]?.hints) === String(hints) ? "the script's" : String(clients[0]?.hints),
      activeClients: await client.oAuthClient.count({ where: { customerId, state: 'active' } }),
      secretsKept: await client.secretVersion.count({ where: { customerId, sealed: { not: null } } }),
      givenSecrets: await client.existingClient.count({ where: { customerId, sealed: { not: null } } }),
      auditIntact: (await new AuditVerification(workers.test.database).verify(customerId)).intact,
      told: ['oauth_client.released', 'oauth_client.deleted', 'secret.revoked', 'run.cancelled'].map(times),
    };
  }

  it.each<Kind>(['given', 'minted'])(
    'leaves the client and the secrets of the script: %s',
    async (kind) => {
      const left = {
        ...{ run: 'cancelled', customer: 'failed', clientsAtQlik: 1, hintsAtQlik: "the script's", activeClients: 0 },
        ...{ secretsKept: 0, givenSecrets: kind === 'given' ? 1 : 0, auditIntact: true },
        told: [1, 0, kind === 'given' ? 0 : 1, 1],
      };
      const whole = await acceptAndCancel(kind);
      const life = new Life();
      await workers.deliver(workers.doomed, whole.runId, life);
      expect(await remainsOf(whole)).toEqual(left);
      expect(life.awaited).not.toContain('delete-oauth-client at Qlik');

      const ends = await dieAndRecover(() => acceptAndCancel(kind), life.awaited, false, remainsOf);
      expect(ends.filter(({ end }) => !isDeepStrictEqual(end, left))).toEqual([]);
    },
    60_000,
  );

  it('leaves what came of a mint whose answer was lost, and says so: whose it is cannot be told', async () => {
    const enrolment = await accept('minted', [{ kind: 'reset-after', operation: 'secret-create' }]);
    const { customerId, runId, tenantHost, hints } = enrolment;
    await workers.workUntilCalled('secret-create', runId, tenantHost);
    await cancel(runId);
    await workers.deliver(workers.healthy, runId);
    const { clients } = await workers.stateOf(tenantHost);
    expect(clients[0].hints).toEqual([...hints, expect.any(String)]);
    const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 100 });
    expect(events.filter(({ action }) => action === 'secret.unrecognised')).toMatchObject([{ data: { count: 1 } }]);
    expect(events.map(({ action }) => action)).not.toContain('secret.revoked');
  });
});
