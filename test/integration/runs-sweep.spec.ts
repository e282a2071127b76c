import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '@app/platform';
import { RunSweep } from '@app/runs';
import { RunsHarness } from './runs-harness.js';
import { TestPlan } from './test-plan.js';

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

/** As if the sweep had woken it long ago. */
const sleepLong = (runId: string) => set(runId, { wokenAt: inMs(-20 * GRACE_MS) });

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
    await harness.queueForgotten(plan, 1_000);
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

  it('sends another wake-up beside the first one the second time, the eighth and the 32nd', async () => {
    const id = await forgotten();
    const sweepOften = async (times: number) => {
      harness.woken.length = 0;
      for (let time = 0; time < times; time += 1) {
        await sleepLong(id);
        await harness.sweep.sweep(GRACE_MS);
      }
      return harness.woken.map((wakeUp) => (wakeUp as { again?: number }).again);
    };
    const times = (count: number, again?: number) => Array.from({ length: count }, () => again);
    expect(await sweepOften(33)).toEqual([...times(1), ...times(6, 1), ...times(24, 2), ...times(2, 3)]);
    const { claims, registry } = harness.process([plan]);
    await claims.claim(id, 30_000, registry);
    await set(id, { leaseUntil: inMs(-1_000) });
    expect(await sweepOften(2)).toEqual([undefined, 1]);
  });

  it('wakes a run that waits its turn after one grace more each time, and after twelve at last', async () => {
    const id = await forgotten();
    const graces: number[] = [];
    for (let time = 0; time < 14; time += 1) {
      for (let grace = 1; ; grace += 1) {
        await set(id, { wokenAt: inMs(-(grace + 0.5) * GRACE_MS) });
        if ((await harness.sweep.sweep(GRACE_MS)) === 0) continue;
        graces.push(grace);
        break;
      }
    }
    expect(graces).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12]);
  });

  it('wakes a run anew whose wake-up came and found the slot taken', async () => {
    const holder = await harness.queue(plan);
    const { claims, registry, runner } = harness.process([plan]);
    await claims.claim(holder.id, 30_000, registry);
    const { id } = await harness.queue(plan);
    await set(id, { customerId: holder.customerId, holdsSlot: false, sweeps: 40 });
    expect(await runner.execute(id)).toEqual({ kind: 'idle' });
    expect(await harness.database.client.run.findUniqueOrThrow({ where: { id } })).toMatchObject({ sweeps: 0 });
  });

  it('leaves the rest for later when the queue takes no more, and says it once', async () => {
    await harness.queueForgotten(plan, 250);
    const refusing = new RunSweep(
      harness.database,
      harness.newWaker(() => {
        throw new DomainError('unavailable', 'QUEUE_UNAVAILABLE', 'the queue is down');
      }),
    );
    harness.logged.length = 0;
    expect(await refusing.sweep(GRACE_MS)).toBe(0);
    expect(await refusing.sweep(GRACE_MS)).toBe(0);
    expect(await untouched()).toBe(50);
    expect(harness.logged).toEqual([
      expect.objectContaining({ count: 1, msg: 'Wake-ups could not be sent; the sweep will send them.' }),
    ]);
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(50);
    await harness.database.client.run.updateMany({ data: { wokenAt: inMs(-60_000) } });
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(250);
  });

  it('is not kept from the others by a run that cannot be woken', async () => {
    await harness.queueForgotten(plan, 150);
    const odd = await forgotten({ requestId: 'odd' });
    const sweep = new RunSweep(
      harness.database,
      harness.newWaker((wakeUp) => {
        if (wakeUp.runId === odd) throw new Error('not in the catalog');
        harness.woken.push(wakeUp);
      }),
    );
    harness.logged.length = 0;
    expect(await sweep.sweep(GRACE_MS)).toBe(151);
    expect(harness.woken).toHaveLength(150);
    expect(harness.logged).toEqual([expect.objectContaining({ runId: odd, msg: 'A run cannot be woken.' })]);
  });
});
