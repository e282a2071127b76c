import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LeaseLost, PlanRegistry } from '@app/runs';
import type { AttemptEnd } from '../../libs/runs/src/attempt-end.js';
import type { ClaimedRun } from '../../libs/runs/src/claimed-run.js';
import { RunsHarness, type RunsProcess } from './runs-harness.js';
import { TestPlan } from './test-plan.js';

const LEASE_MS = 30_000;
const plan = new TestPlan();
let harness: RunsHarness;
let process: RunsProcess & { registry: PlanRegistry };

beforeAll(async () => {
  harness = await RunsHarness.start();
  process = harness.process([plan]);
});
afterAll(() => harness.close());

const claim = (runId: string, registry = process.registry) => process.claims.claim(runId, LEASE_MS, registry);

const findObstacle = (runId: string) => process.claims.findObstacle(runId, process.registry);

async function claimed(): Promise<ClaimedRun> {
  const { id } = await harness.queue(plan);
  const run = await claim(id);
  if (run === undefined) throw new Error('The run was not claimed.');
  return run;
}

const end = (step: string, next: Partial<AttemptEnd> = {}): AttemptEnd => ({
  attempt: { outcome: 'succeeded', startedAt: new Date(), calls: [] },
  step: { name: step, state: 'succeeded', output: { of: step } },
  run: { state: 'running', step: 'second', attempts: 0 },
  error: null,
  ...next,
});

const holdOf = ({ id, fence, input }: ClaimedRun) => ({ runId: id, fence, input });

const write = (run: ClaimedRun, attemptEnd: AttemptEnd) =>
  harness.database.transaction((tx) => process.attempts.end(tx, holdOf(run), attemptEnd));

const setRow = (runId: string, change: object) =>
  harness.database.client.run.update({ where: { id: runId }, data: change });

/** Everything the runs library keeps of a run. */
async function everything(runId: string) {
  const { steps, ...run } = await harness.reader.get(runId);
  return { run, steps };
}

describe('a claim', () => {
  it('takes a queued run, raises its fence and tells what the row says', async () => {
    const queued = await harness.queue(plan);
    const run = await claim(queued.id);
    expect(run).toMatchObject({
      id: queued.id,
      fence: 1,
      formerState: 'queued',
      step: 'first',
      attempts: 0,
      outputs: {},
    });
    const { steps } = await harness.states(queued.id);
    expect(steps).toEqual({ first: 'running', second: 'pending', third: 'pending' });
    const row = await harness.read(queued.id);
    expect(row).toMatchObject({ state: 'running', fence: 1 });
    // Both are rounded to the millisecond.
    expect(Math.abs(row.leaseUntil!.getTime() - run!.claimedAt.getTime() - LEASE_MS)).toBeLessThanOrEqual(1);
    expect(run!.deadlineAt).toEqual(queued.deadlineAt);
  });

  it('is won by one of many at once', async () => {
    const { id } = await harness.queue(plan);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(id)));
    expect(claims.filter((run) => run !== undefined)).toHaveLength(1);
    expect((await harness.read(id)).fence).toBe(1);
  });

  it('leaves a run alone that is held, not due or at its end', async () => {
    const { id } = await claimed();
    expect(await claim(id)).toBeUndefined();
    await setRow(id, { state: 'waiting', leaseUntil: null, nextRunAt: new Date(Date.now() + 60_000) });
    expect(await claim(id)).toBeUndefined();
    expect((await findObstacle(id))?.waitMs).toBeGreaterThan(50_000);
    for (const state of ['succeeded', 'failed', 'needs_attention', 'cancelled'] as const) {
      await setRow(id, { state, nextRunAt: null });
      expect(await claim(id)).toBeUndefined();
      expect(await findObstacle(id)).toBeUndefined();
    }
  });

  it('takes a waiting run once it is due', async () => {
    const { id } = await claimed();
    await setRow(id, { state: 'waiting', leaseUntil: null, nextRunAt: new Date(Date.now() - 1_000) });
    expect(await claim(id)).toMatchObject({ formerState: 'waiting', fence: 2 });
  });

  it('takes over a run whose lease has ended, under a higher fence', async () => {
    const { id } = await claimed();
    await harness.letTimePass(id);
    expect(await claim(id)).toMatchObject({ formerState: 'running', fence: 2, step: 'first' });
  });

  it('leaves alone what this process does not know', async () => {
    const { id } = await harness.queue(plan);
    expect(await claim(id, new PlanRegistry([new TestPlan('another')]))).toBeUndefined();
    await setRow(id, { step: 'a-step-of-tomorrow' });
    expect(await claim(id)).toBeUndefined();
    expect(await harness.read(id)).toMatchObject({ state: 'queued', fence: 0 });
  });
});

describe('a stale fence', () => {
  const writes: [string, (run: ClaimedRun) => Promise<unknown>][] = [
    ['the end of an attempt', (run) => write(run, end('first'))],
    ['an intent', (run) => process.attempts.setIntent({ runId: run.id, fence: run.fence }, { phase: 'posting' })],
    ['the taking back of an intent', (run) => process.attempts.setIntent({ runId: run.id, fence: run.fence }, null)],
  ];

  it.each(writes)('lets nobody write %s', async (_what, attempt) => {
    const run = await claimed();
    await harness.letTimePass(run.id);
    await claim(run.id);
    const before = await everything(run.id);
    await expect(attempt(run)).rejects.toThrow(LeaseLost);
    expect(await everything(run.id)).toEqual(before);
  });

  it.each(writes)('is also that of a run which has ended: nobody writes %s', async (_what, attempt) => {
    const run = await claimed();
    await write(run, end('first', { run: { state: 'succeeded', step: null, attempts: 0 } }));
    const before = await everything(run.id);
    await expect(attempt(run)).rejects.toThrow(LeaseLost);
    expect(await everything(run.id)).toEqual(before);
  });

  it('neither renews nor hands back', async () => {
    const run = await claimed();
    await harness.letTimePass(run.id);
    await claim(run.id);
    const before = await everything(run.id);
    expect(await process.claims.renew(run.id, run.fence, LEASE_MS)).toBe(false);
    expect(await process.claims.handBack(run.id, run.fence)).toBe(false);
    expect(await everything(run.id)).toEqual(before);
  });
});

describe('a held run', () => {
  it('has its lease prolonged by a renewal', async () => {
    const run = await claimed();
    const before = (await harness.read(run.id)).leaseUntil!;
    expect(await process.claims.renew(run.id, run.fence, 2 * LEASE_MS)).toBe(true);
    expect((await harness.read(run.id)).leaseUntil!.getTime()).toBeGreaterThanOrEqual(before.getTime() + LEASE_MS);
  });

  it('can be handed back, to be taken at once', async () => {
    const run = await claimed();
    expect(await process.claims.handBack(run.id, run.fence)).toBe(true);
    expect(await harness.read(run.id)).toMatchObject({ state: 'queued', leaseUntil: null });
    expect(await claim(run.id)).toMatchObject({ formerState: 'queued', fence: 2 });
  });

  it('stamps an intent with the time of the database', async () => {
    const run = await claimed();
    const intent = await process.attempts.setIntent(
      { runId: run.id, fence: run.fence },
      { phase: 'posting', posts: 1 },
    );
    expect(intent).toMatchObject({ phase: 'posting', posts: 1 });
    expect(new Date(intent!.at).getTime()).toBeGreaterThanOrEqual(run.claimedAt.getTime());
    expect((await harness.read(run.id)).intent).toEqual(intent);
  });

  it('keeps the last fifty attempts of a step', async () => {
    const run = await claimed();
    for (let number = 1; number <= 53; number += 1) {
      await write(run, end('first', { run: { state: 'running', step: 'first', attempts: 0 } }));
    }
    const { steps } = await harness.reader.get(run.id);
    expect(steps[0]).toMatchObject({ name: 'first', attempts: 53 });
    expect(steps[0]?.attemptRows.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, i) => i + 4));
  });

  it('keeps instants exactly, whatever time zone the database is in', async () => {
    const run = await claimed();
    const waitUntil = new Date(Date.now() + 5_000);
    const startedAt = new Date();
    await harness.database.transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL TIME ZONE 'Asia/Tokyo'`;
      const waiting = end('first', { run: { state: 'waiting', step: 'first', attempts: 1 }, waitUntil });
      await process.attempts.end(tx, holdOf(run), { ...waiting, attempt: { ...waiting.attempt, startedAt } });
    });
    const { nextRunAt, steps } = await harness.reader.get(run.id);
    expect(nextRunAt).toEqual(waitUntil);
    expect(steps[0]).toMatchObject({ waitingUntil: waitUntil, attemptRows: [{ startedAt, waitUntil }] });
  });
});
