import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack, type StackOptions } from '../stack.js';
import {
  addForeignSecret,
  deleteOurSecret,
  deleteSecret,
  makeDue,
  makeReady,
  ON_DEMAND,
  type Onboarded,
  onboardedAs,
  reconcile,
  reconciliations,
  stateOf,
  told,
  useCredential,
  WANTED,
} from './reconciled-customer.js';

let stack: Stack;
const start = (env: NodeJS.ProcessEnv, more: StackOptions = {}) => {
  beforeAll(async () => {
    stack = await Stack.start({ env, ...more });
  });
  afterAll(() => stack.close());
};

const ready = (name: string, more: object = {}) => makeReady(stack, name, more);

/** Makes the customer due, and resolves once a sweep has put it off. */
async function isPutOff(onboarded: Onboarded): Promise<void> {
  const { customerId } = onboarded;
  await makeDue(onboarded);
  for (const giveUpAt = Date.now() + 15_000; ;) {
    const [row] = await stack.test.database.sql.$queryRaw<[{ inSeconds: number }]>`
      SELECT extract(epoch FROM next_reconciliation_at - now())::float8 AS "inSeconds" FROM customers
      WHERE id = ${customerId}::uuid`;
    if (row.inSeconds > 0) return expect(row.inSeconds).toBeLessThan(61);
    if (Date.now() > giveUpAt) throw new Error('The customer was not put off.');
  }
}

async function untilSome<Found>(read: () => Promise<Found[]>): Promise<Found[]> {
  for (const giveUpAt = Date.now() + 15_000; ;) {
    const found = await read();
    if (found.length > 0) return found;
    if (Date.now() > giveUpAt) throw new Error('There was nothing to be found.');
  }
}

describe('reconciliations at a short interval', () => {
  start({ RECONCILIATION_INTERVAL_SECONDS: '0.4' });

  /** The reconciliation once it has looked this often. */
  const afterLooks = (runId: string, looks: number) =>
    stack.runWhen(runId, (run) => run.steps[0].attempts.length >= looks && run.step !== 'compare-client');

  it('come by themselves, and go on with the one that is raised until nothing differs', async () => {
    const onboarded = await ready('watched');
    const hint = await addForeignSecret(onboarded);
    const [first] = await untilSome(async () =>
      (await reconciliations(onboarded)).filter(({ error }) => error?.code === 'DRIFT_FOUND'),
    );
    await afterLooks(first.id, 4);
    expect((await reconciliations(onboarded))[0].id).toBe(first.id);
    expect(await told(onboarded, 'drift.detected')).toEqual(['SECRET_UNRECOGNISED']);
    await deleteSecret(onboarded, hint);
    await stack.runWhen(first.id, ({ state }) => state === 'succeeded');
    const [next] = await untilSome(async () => (await reconciliations(onboarded)).filter(({ id }) => id > first.id));
    expect(await stack.runEnd(next.id)).toMatchObject({ state: 'succeeded' });
    expect(await told(onboarded, 'drift.repaired')).toEqual(['SECRET_UNRECOGNISED']);
    expect(await told(onboarded, 'run.needs_attention')).not.toHaveLength(0);
  });
});

describe.each(['postgres', 'redis'] as const)(
  'a customer that another run changes, with the queue on %s',
  (backend) => {
    start({ ...ON_DEMAND, QLIK_LIST_LAG_SECONDS: '3', ROTATION_GRACE_SECONDS: '0.5' }, { backend });

    const pause = async (plan: string) =>
      (await stack.call('POST', '/v1/pauses', { body: { plan, reason: 'a test' } })).body.id;
    const lift = (id: string) => stack.call('DELETE', `/v1/pauses/${id}`);

    async function rotate({ customerId }: Onboarded, body: object = {}): Promise<string> {
      const answer = await stack.call('POST', `/v1/customers/${customerId}/rotations`, {
        body: { reason: 'a test', ...body },
      });
      expect(answer).toMatchObject({ status: 202 });
      return answer.body.id;
    }

    it('is not compared while its onboarding settles', async () => {
      await stack.fault({
        kind: 'reset-after',
        tenantHost: 'settling.eu.qlikcloud.com',
        operation: 'create',
        times: 1,
      });
      const { customerId, runId } = await stack.onboard('settling', WANTED);
      await stack.runWhen(runId, (run) => run.steps[3]?.state === 'succeeded' && run.state === 'waiting');
      const pauseId = await pause('onboarding');
      const onboarded = await onboardedAs(stack, 'settling', customerId);
      expect(await stateOf(onboarded)).toBe('ready');
      await isPutOff(onboarded);
      expect(await reconciliations(onboarded)).toEqual([]);
      await lift(pauseId);
      expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
      expect(await reconcile(onboarded)).toMatchObject({ state: 'succeeded' });
      expect(await told(onboarded, 'drift.detected')).toEqual([]);
    });

    it('is not compared while its secret is rotated, but while that is in its grace', async () => {
      const onboarded = await ready('rotated', { rotation: { graceSeconds: 3_600 } });
      expect(await useCredential(onboarded)).toBe(200);
      const pauseId = await pause('rotation');
      const rotationId = await rotate(onboarded);
      await isPutOff(onboarded);
      expect(await reconciliations(onboarded)).toEqual([]);
      await lift(pauseId);
      await stack.runWhen(rotationId, (run) => run.step === 'grace' && run.state === 'waiting');
      expect(await reconcile(onboarded)).toMatchObject({ state: 'succeeded' });
      expect(await told(onboarded, 'drift.detected')).toEqual([]);
    });

    it('keeps what was raised as it is meanwhile, and is rotated all the same, which may be the cure', async () => {
      const onboarded = await ready('cured');
      await deleteOurSecret(onboarded);
      const raised = await reconcile(onboarded);
      expect(raised).toMatchObject({ state: 'needs_attention' });
      const pauseId = await pause('rotation');
      const rotationId = await rotate(onboarded);
      await isPutOff(onboarded);
      const [meanwhile] = await reconciliations(onboarded);
      expect(meanwhile).toMatchObject({ id: raised.id, state: 'needs_attention', error: raised.error });
      await lift(pauseId);
      expect(await stack.runEnd(rotationId)).toMatchObject({ state: 'succeeded' });
      expect((await reconciliations(onboarded))[0]).toMatchObject({ state: 'needs_attention' });
      expect(await reconcile(onboarded)).toMatchObject({ id: raised.id, state: 'succeeded' });
      expect([await stateOf(onboarded), await useCredential(onboarded)]).toEqual(['ready', 200]);
      expect(await told(onboarded, 'drift.repaired')).toEqual(['SECRET_MISSING']);
    });
  },
);
