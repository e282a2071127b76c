import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunSweep } from '@app/runs';
import { RunsHarness, TestPlan } from './runs-harness.js';

const GRACE_MS = 5_000;
const plan = new TestPlan();
let harness: RunsHarness;

beforeAll(async () => {
  harness = await RunsHarness.start();
});
afterAll(() => harness.close());
beforeEach(async () => {
  await harness.database.client.$executeRaw`TRUNCATE step_attempts, run_steps, runs`;
  harness.woken.length = 0;
});

const set = (runId: string, data: object) => harness.database.client.run.update({ where: { id: runId }, data });
const inMs = (ms: number) => new Date(Date.now() + ms);
const wokenIds = () => harness.woken.map(({ runId }) => runId);

async function forgotten(data: object = {}): Promise<string> {
  const { id } = await harness.queue(plan);
  await set(id, data);
  await harness.forgetWakeUp(id);
  return id;
}

/** Queued runs whose wake-ups were lost a minute ago. */
const forgetMany = (count: number) => harness.database.client.$executeRaw`
  WITH made AS (
    INSERT INTO customers (id, external_id, name, tenant_host)
    SELECT id, id::text, 'one of many', id::text || '.eu.qlikcloud.com'
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, ${count}::int)) ids
    RETURNING id
  )
  INSERT INTO runs (id, customer_id, plan, actor, request_id, deadline_at, woken_at)
  SELECT gen_random_uuid(), id, ${plan.name}, 'test', 'request-1', now() + interval '1 day', now() - interval '1 minute' FROM made`;

/** Runs that no sweep has woken yet. */
const untouched = () =>
  harness.database.client.run.count({ where: { wokenAt: { lt: inMs(-30_000) }, state: 'queued' } });

describe('the sweep', () => {
  it('wakes a queued run whose wake-up was lost, once', async () => {
    const id = await forgotten();
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(1);
    expect(harness.woken).toEqual([{ runId: id, fence: 0, requestId: 'request-1' }]);
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(0);
  });

  it('wakes a run whose process vanished, and not one that is held', async () => {
    await forgotten({ state: 'running', leaseUntil: inMs(30_000) });
    const id = await forgotten({ state: 'running', leaseUntil: inMs(-1_000) });
    await harness.sweep.sweep(GRACE_MS);
    expect(wokenIds()).toEqual([id]);
  });

  it('wakes a waiting run that is well past due, and none before', async () => {
    await forgotten({ state: 'waiting', nextRunAt: inMs(60_000) });
    await forgotten({ state: 'waiting', nextRunAt: inMs(-1_000) });
    const id = await forgotten({ state: 'waiting', nextRunAt: inMs(-GRACE_MS - 1_000) });
    await harness.sweep.sweep(GRACE_MS);
    expect(wokenIds()).toEqual([id]);
  });

  it('leaves a run alone that was woken a moment ago, or has ended', async () => {
    await harness.queue(plan);
    for (const state of ['succeeded', 'failed', 'needs_attention', 'cancelled']) await forgotten({ state });
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(0);
  });

  it('wakes each of a thousand runs once, with two at it', async () => {
    await forgetMany(1_000);
    const other: string[] = [];
    const otherSweep = new RunSweep(
      harness.database,
      harness.newWaker(({ runId }) => void other.push(runId)),
    );
    const woken = { here: 0, there: 0 };
    for (let round = 0; round < 3; round += 1) {
      const [here, there] = await Promise.all([harness.sweep.sweep(GRACE_MS), otherSweep.sweep(GRACE_MS)]);
      woken.here += here;
      woken.there += there;
    }
    expect(woken.here + woken.there).toBe(1_000);
    expect(new Set([...wokenIds(), ...other]).size).toBe(1_000);
    expect(wokenIds().length + other.length).toBe(1_000);
  });

  it('sends another wake-up beside the first one with the fourth sweep, the 16th and the 64th', async () => {
    const id = await forgotten();
    const sweepOften = async (times: number) => {
      harness.woken.length = 0;
      for (let time = 0; time < times; time += 1) {
        await harness.forgetWakeUp(id);
        await harness.sweep.sweep(GRACE_MS);
      }
      return harness.woken.map((wakeUp) => (wakeUp as { again?: number }).again);
    };
    const one = (count: number, again?: number) => Array.from({ length: count }, () => again);
    expect(await sweepOften(65)).toEqual([...one(3), ...one(12, 1), ...one(48, 2), ...one(2, 3)]);
    const { claims, registry } = harness.process([plan]);
    const claimed = await claims.claim(id, 30_000, registry);
    await claims.handBack(id, claimed!.fence);
    expect(await sweepOften(4)).toEqual([...one(3), ...one(1, 1)]);
  });

  it('leaves the rest for later when the queue takes no more, and says it once', async () => {
    await forgetMany(1_100);
    const refusing = new RunSweep(
      harness.database,
      harness.newWaker(() => {
        throw new Error('the queue is down');
      }),
    );
    harness.logged.length = 0;
    expect(await refusing.sweep(GRACE_MS)).toBe(0);
    expect(await untouched()).toBe(600);
    expect(await refusing.sweep(GRACE_MS)).toBe(0);
    expect(await untouched()).toBe(100);
    expect(harness.logged).toEqual([
      expect.objectContaining({ count: 500, msg: 'Wake-ups could not be sent; the sweep will send them.' }),
    ]);
    // What was not taken is due again after the grace.
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(100);
    await harness.database.client.run.updateMany({ data: { wokenAt: inMs(-60_000) } });
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(1_100);
  });
});
