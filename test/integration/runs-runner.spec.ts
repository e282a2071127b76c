import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LeaseLost, needsAttention, StepFailure, waitUntil } from '@app/runs';
import { RunsHarness, type RunsProcess } from './runs-harness.js';
import { TestPlan, writeOnce } from './test-plan.js';

const ERROR = { code: 'TEST_CODE', message: 'What happened.', hint: 'What to do.' };
let harness: RunsHarness;
let plan: TestPlan;
let process: RunsProcess;

beforeAll(async () => {
  harness = await RunsHarness.start();
});
afterAll(() => harness.close());
beforeEach(() => {
  plan = new TestPlan();
  process = harness.process([plan]);
  harness.logged.length = 0;
  harness.woken.length = 0;
});

describe('a run', () => {
  it('goes through its steps in order, hands outputs on, and ends', async () => {
    plan.first.does = () => Promise.resolve({ output: { answer: 42 } });
    plan.second.does = (context) => Promise.resolve({ output: context.output(plan.first) });
    const { id, customerId } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(plan.story).toEqual(['first', 'second', 'third']);
    expect(plan.ends).toEqual([{ outcome: 'succeeded' }]);
    const run = await harness.reader.get(id);
    expect(run).toMatchObject({ state: 'succeeded', step: null, holdsSlot: false, leaseUntil: null, error: null });
    expect(run.finishedAt).not.toBeNull();
    expect(run.steps.map(({ name, state, attempts }) => [name, state, attempts])).toEqual([
      ['first', 'succeeded', 1],
      ['second', 'succeeded', 1],
      ['third', 'succeeded', 1],
    ]);
    expect(run.steps[1]?.output).toEqual({ answer: 42 });
    expect(await harness.audited(customerId)).toEqual(['run.succeeded']);
    expect(await process.runner.execute(id)).toEqual({ kind: 'idle' });
    expect(plan.story).toHaveLength(3);
  });

  it('shows the step that is under way', async () => {
    const seen: unknown[] = [];
    plan.second.does = async ({ run }) => {
      seen.push((await harness.read(run.id)).step, (await harness.states(run.id)).steps);
      return { output: {} };
    };
    await process.runner.execute((await harness.queue(plan)).id);
    expect(seen).toEqual(['second', { first: 'succeeded', second: 'running', third: 'pending' }]);
  });

  it('skips a step that has nothing to do, judged by the intent', async () => {
    plan.first.does = async (context) => {
      const { at } = await context.commitIntent({ phase: 'posting' });
      expect(context.intent).toEqual({ phase: 'posting', at });
      return { output: {}, intent: { phase: 'kept' } };
    };
    plan.second.isNeeded = (intent) => (intent as { phase: string }).phase === 'posting';
    const { id } = await harness.queue(plan);
    await process.runner.execute(id);
    expect((await harness.states(id)).steps).toEqual({ first: 'succeeded', second: 'skipped', third: 'succeeded' });
    expect((await harness.read(id)).intent).toMatchObject({ phase: 'kept' });
  });

  it('writes what a step writes only together with its end', async () => {
    plan.first.does = ({ run }) => Promise.resolve({ output: {}, commit: writeOnce(run.id) });
    const { id } = await harness.queue(plan);
    await process.runner.execute(id);
    expect(await harness.wasWritten(id)).toBe(true);
  });

  it('refuses an output that its schema does not know', async () => {
    const { output } = plan.first;
    Object.assign(plan.first, { output: output.refine(() => false) });
    const { id } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
    expect(await harness.read(id)).toMatchObject({ state: 'waiting', error: { code: 'INTERNAL_ERROR' } });
  });
});

describe('the time of a run', () => {
  const waits = () => Promise.reject(waitUntil(new Date(Date.now() + 3_600_000)));

  it('is not enough for a wait beyond it', async () => {
    plan.second.does = waits;
    const { id } = await harness.queue(plan);
    await process.runner.execute(id);
    expect(await harness.read(id)).toMatchObject({ state: 'failed', error: { code: 'RUN_DEADLINE_EXCEEDED' } });
  });

  it('is counted anew from a step that gives more, in the same breath', async () => {
    plan.first.does = () => Promise.resolve({ output: {}, wallClockMs: 7_200_000 });
    plan.second.does = waits;
    const { id } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
    const { state, deadlineAt } = await harness.read(id);
    expect(state).toBe('waiting');
    expect(Math.abs(deadlineAt.getTime() - Date.now() - 7_200_000)).toBeLessThan(60_000);
  });

  it('is never made shorter by a step', async () => {
    plan.first.does = () => Promise.resolve({ output: {}, wallClockMs: 1 });
    const { id, deadlineAt } = await harness.queue(plan);
    await process.runner.execute(id);
    expect((await harness.read(id)).deadlineAt).toEqual(deadlineAt);
  });
});

describe('a step that does not succeed', () => {
  it('is tried again as its policy says, then ends the run with its code', async () => {
    plan.first.does = () =>
      Promise.reject(new StepFailure({ kind: 'retry', exhausted: 'needs_attention', error: ERROR }));
    const { id } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
    expect(await harness.read(id)).toMatchObject({ state: 'waiting', attempts: 1, error: ERROR, leaseUntil: null });
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({
      state: 'needs_attention',
      step: 'first',
      attempts: 3,
      error: ERROR,
    });
    expect((await harness.attemptsOf(id, 'first')).map(({ outcome }) => outcome)).toEqual([
      'retried',
      'retried',
      'needs_attention',
    ]);
    expect(plan.ends).toEqual([{ outcome: 'needs_attention', code: 'TEST_CODE' }]);
  });

  it('counts its tries anew for each step', async () => {
    let failures = 2;
    const fail = () => {
      failures -= 1;
      return failures < 0 ? Promise.resolve({ output: {} }) : Promise.reject(new Error('a moment'));
    };
    plan.first.does = fail;
    const { id } = await harness.queue(plan);
    while ((await process.runner.execute(id)).kind === 'wait');
    expect(await harness.read(id)).toMatchObject({ state: 'succeeded', attempts: 0 });
  });

  it('for a reason without a name is logged as an error of ours', async () => {
    plan.first.does = () => Promise.reject(new Error('a mistake'));
    const { id } = await harness.queue(plan);
    await process.runner.execute(id);
    expect(harness.logged).toEqual([expect.objectContaining({ level: 50, runId: id, step: 'first' })]);
    expect(JSON.stringify((await harness.read(id)).error)).not.toContain('a mistake');
  });

  it('can ask for a person', async () => {
    plan.second.does = () => Promise.reject(needsAttention(ERROR));
    const { id, customerId } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'needs_attention', error: ERROR, holdsSlot: true });
    expect((await harness.states(id)).steps).toMatchObject({ first: 'succeeded', second: 'needs_attention' });
    expect(await harness.audited(customerId)).toEqual(['run.needs_attention']);
  });

  it('is explained by its plan, and a wait that is asked for does not count as a try', async () => {
    plan.explain = () => ({ kind: 'wait-for', error: ERROR, forMs: 40_000 });
    plan.first.does = (context) => {
      context.record({ operation: 'create', status: 429 });
      throw new Error('too many requests');
    };
    const { id } = await harness.queue(plan);
    const result = await process.runner.execute(id);
    if (result.kind !== 'wait') throw new Error('It did not wait.');
    expect(result.forMs).toBeGreaterThan(30_000);
    expect(await harness.read(id)).toMatchObject({ state: 'waiting', attempts: 0 });
    expect(await harness.attemptsOf(id, 'first')).toMatchObject([
      { outcome: 'waited', calls: [{ operation: 'create', status: 429 }] },
    ]);
    // A wake-up that comes early is told how long to wait.
    const early = await process.runner.execute(id);
    expect(early).toMatchObject({ kind: 'wait' });
    expect(plan.story).toEqual(['first']);
  });

  it('ends the run when it would wait beyond its time', async () => {
    plan.first.does = (context) => Promise.reject(waitUntil(new Date(context.now().getTime() + 3_600_000), ERROR));
    const { id } = await harness.queue(plan, { wallClockMs: 60_000 });
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({
      state: 'failed',
      holdsSlot: false,
      error: { code: 'RUN_DEADLINE_EXCEEDED', message: expect.stringContaining(ERROR.message), hint: ERROR.hint },
    });
    expect(plan.ends).toEqual([{ outcome: 'failed', code: 'RUN_DEADLINE_EXCEEDED' }]);
  });
});

describe('a run that never gets anywhere', () => {
  /** As if so much time had gone by. */
  const elapse = (runId: string, ms: number) => harness.database.client.$executeRaw`
    UPDATE runs SET next_run_at = next_run_at - ${ms} * interval '1 ms', deadline_at = deadline_at - ${ms} * interval '1 ms'
    WHERE id = ${runId}::uuid`;

  it('because it is only ever asked to wait ends when its time is over, though no wait counts as a try', async () => {
    plan.explain = () => ({ kind: 'wait-for', error: ERROR, forMs: 900_000 });
    plan.first.does = () => Promise.reject(new Error('too many requests'));
    const { id, customerId } = await harness.queue(plan, { wallClockMs: 3_600_000 });
    let waits = 0;
    while ((await process.runner.execute(id)).kind === 'wait') {
      waits += 1;
      await elapse(id, 901_000);
    }
    expect(waits).toBe(3);
    expect(await harness.read(id)).toMatchObject({
      state: 'failed',
      attempts: 0,
      error: { code: 'RUN_DEADLINE_EXCEEDED', message: expect.stringContaining(ERROR.message) },
    });
    expect(await harness.audited(customerId)).toEqual(['run.failed']);
    expect(await process.runner.execute(id)).toEqual({ kind: 'idle' });
  });

  it('because no lease is ever long enough ends when its time is over', async () => {
    plan.first.does = (context) => {
      context.guard(30_000);
      throw new Error('The guard let it pass.');
    };
    const { id } = await harness.queue(plan, { wallClockMs: 3_600_000 });
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
    await elapse(id, 3_601_000);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'failed', error: { code: 'RUN_DEADLINE_EXCEEDED' } });
  });

  it('because each try fails ends when its time is over, though tries are left', async () => {
    Object.assign(plan.first, { retry: { maxAttempts: 1_000, baseMs: 1, maxMs: 1 } });
    plan.first.does = () => Promise.reject(new StepFailure({ kind: 'retry', exhausted: 'failed', error: ERROR }));
    const { id } = await harness.queue(plan, { wallClockMs: 3_600_000 });
    await process.runner.execute(id);
    await elapse(id, 3_601_000);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'failed', error: { code: 'RUN_DEADLINE_EXCEEDED' } });
  });

  it('because its workers vanish at one step ends, whichever steps went well before', async () => {
    const { id, customerId } = await harness.queue(plan);
    plan.second.does = async () => {
      await harness.letTimePass(id);
      throw new LeaseLost('expired', id);
    };
    for (let number = 1; number <= 4; number += 1) await harness.process([plan]).runner.execute(id);
    expect(await harness.read(id)).toMatchObject({
      state: 'failed',
      step: 'second',
      holdsSlot: false,
      error: { code: 'WORKER_LOST' },
    });
    expect((await harness.attemptsOf(id, 'second')).map(({ outcome }) => outcome)).toEqual(['lost', 'lost', 'failed']);
    expect(plan.story).toEqual(['first', 'second', 'second', 'second']);
    expect(plan.ends).toEqual([{ outcome: 'failed', code: 'WORKER_LOST' }]);
    expect(await harness.audited(customerId)).toEqual(['run.failed']);
    await harness.retry(id);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', attempts: 0 });
  });
});
