import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { OffboardingsService } from '@app/customers';
import { type Death, Life } from '../mortal-process.js';
import { describeDeath, MortalWorkers, type Onboarding } from '../mortal-workers.js';

let workers: MortalWorkers;

beforeAll(async () => {
  workers = await MortalWorkers.start();
});
afterAll(() => workers.close());

interface Offboarding extends Onboarding {
  offboardingId: string;
}

const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
const caller = { id: 'test', actor: 'operator:ann' };

/** A customer whose offboarding was asked for: once it was ready, or while Qlik's answer to the creation of its client is lost. */
async function begin(onboarded: 'ready' | 'unanswered'): Promise<Offboarding> {
  const onboarding = await workers.accept();
  if (onboarded === 'ready') await workers.deliver(workers.healthy, onboarding.runId);
  else {
    await workers.lose(onboarding.tenantHost, [{ kind: 'reset-after', operation: 'create' }]);
    await workers.workUntilCalled('create', onboarding.runId, onboarding.tenantHost);
  }
  const offboardings = workers.healthy.get(OffboardingsService, { strict: false });
  const run = await offboardings.begin(onboarding.customerId, caller, trace);
  return { ...onboarding, offboardingId: run.id };
}

/** Everything that must hold of an offboarding in the end, whatever happened on the way. */
async function outcomeOf({ customerId, offboardingId, tenantHost }: Offboarding) {
  const { client } = workers.test.database;
  const run = await client.run.findUniqueOrThrow({ where: { id: offboardingId } });
  const customer = await client.customer.findUniqueOrThrow({ where: { id: customerId } });
  const versions = await client.secretVersion.findMany({ where: { customerId } });
  const [dataKey] = await client.dataKey.findMany({ where: { owner: 'customer', ownerId: customerId } });
  const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 200 });
  const count = (action: string) => events.filter((event) => event.action === action).length;
  const { clients, clientsCreated } = await workers.stateOf(tenantHost);
  return {
    run: run.state,
    error: run.error,
    customer: customer.state,
    isDated: customer.nextRotationAt !== null || customer.nextReconciliationAt !== null,
    versionsKept: versions.filter(({ state, sealed }) => state !== 'revoked' || sealed !== null).length,
    activeClients: await client.oAuthClient.count({ where: { customerId, state: 'active' } }),
    hasKey: dataKey?.wrapped !== null,
    atQlik: [clientsCreated, clients.length],
    auditIntact: (await new AuditVerification(workers.test.database).verify(customerId)).intact,
    told: Object.fromEntries(
      ['customer.offboarding', 'oauth_client.deleted', 'data_key.destroyed', 'customer.offboarded'].map((action) => [
        action,
        count(action),
      ]),
    ),
    revoked: count('secret.revoked'),
    succeeded: events.filter(({ action, subject }) => action === 'run.succeeded' && subject['runId'] === offboardingId)
      .length,
  };
}

const gone = {
  run: 'succeeded',
  error: null,
  customer: 'offboarded',
  isDated: false,
  versionsKept: 0,
  activeClients: 0,
  hasKey: false,
  atQlik: [1, 0],
  auditIntact: true,
  told: {
    'customer.offboarding': 1,
    'oauth_client.deleted': 1,
    'data_key.destroyed': 1,
    'customer.offboarded': 1,
  },
  succeeded: 1,
};

const paths: Record<string, { onboarded: 'ready' | 'unanswered'; faults: readonly object[]; revoked: number }> = {
  'a customer that was ready': { onboarded: 'ready', faults: [], revoked: 1 },
  'a deletion whose answer was lost': {
    ...{ onboarded: 'ready', revoked: 1 },
    faults: [{ kind: 'reset-after', operation: 'delete' }],
  },
  'a client that no row records': { onboarded: 'unanswered', faults: [], revoked: 0 },
};

describe('a process that dies at any await of an offboarding', () => {
  it.each(Object.keys(paths))(
    'leaves no client, no secret and no key, and the audit tells each thing once: %s',
    async (path) => {
      const { onboarded, faults, revoked } = paths[path]!;
      const well = { ...gone, revoked };
      const whole = await begin(onboarded);
      await workers.lose(whole.tenantHost, faults);
      const life = new Life();
      await workers.deliver(workers.doomed, whole.offboardingId, life);
      expect(await outcomeOf(whole)).toEqual(well);
      expect(life.awaited).toContain('delete-oauth-client at Qlik');
      expect(life.awaited).toContain('get-oauth-client at Qlik');

      const deaths = life.awaited.flatMap((_what, index): Death[] =>
        (['before', 'after'] as const).map((when) => ({ at: index + 1, when })),
      );
      const died = await Promise.all(
        deaths.map(async (death) => {
          const offboarding = await begin(onboarded);
          await workers.lose(offboarding.tenantHost, faults);
          return { ...offboarding, death };
        }),
      );
      const ends = await Promise.all(
        died.map(async ({ death, ...one }) => {
          const lived = describeDeath(await workers.die(one.offboardingId, death, { mayOutlive: true }), death);
          await workers.deliver(workers.healthy, one.offboardingId);
          return { lived, outcome: await workers.withRoom(() => outcomeOf(one)) };
        }),
      );
      expect(ends.length).toBeGreaterThan(20);
      expect(ends.filter(({ outcome }) => !isDeepStrictEqual(outcome, well))).toEqual([]);
    },
    240_000,
  );
});
