import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LeaseLost, waitUntil } from '@app/runs';
import { RunsHarness, type RunsProcess } from './runs-harness.js';
import { TestPlan, writeOnce } from './test-plan.js';

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

describe('a run on a step that this process does not know', () => {
  it('is left alone, which is said once however often it is woken', async () => {
    const { id } = await harness.queue(plan);
    await harness.database.client.run.update({ where: { id }, data: { step: 'a-step-of-tomorrow' } });
    for (let number = 1; number <= 3; number += 1) expect(await process.runner.execute(id)).toEqual({ kind: 'idle' });
    expect(harness.logged).toEqual([
      expect.objectContaining({ level: 40, runId: id, plan: plan.name, step: 'a-step-of-tomorrow' }),
    ]);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', fence: 0 });
  });

  it('is not confused with one that another process holds', async () => {
    const { id } = await harness.queue(plan);
    await process.claims.claim(id, 30_000, harness.process([plan]).registry);
    expect(await process.runner.execute(id)).toEqual({ kind: 'idle' });
    expect(harness.logged).toEqual([]);
  });
});

describe('a process that vanishes', () => {
  /** Leaves the row as a killed process does: running, under a lease that nobody renews. */
  const vanish = async (runId: string) => {
    await harness.letTimePass(runId);
    throw new LeaseLost('expired', runId);
  };

  it('has its attempt counted as lost, and its run goes on', async () => {
    const { id } = await harness.queue(plan);
    plan.second.does = () => vanish(id);
    await process.runner.execute(id);
    plan.second.does = () => Promise.resolve({ output: {} });
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect((await harness.read(id)).state).toBe('succeeded');
    expect(plan.story).toEqual(['first', 'second', 'second', 'third']);
    expect((await harness.attemptsOf(id, 'second')).map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  });

  it('time after time ends the run: a step that kills its process is not tried for ever', async () => {
    const { id } = await harness.queue(plan);
    plan.first.does = () => vanish(id);
    for (let number = 1; number <= 3; number += 1) await process.runner.execute(id);
    expect((await harness.read(id)).state).toBe('running');
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'failed', error: { code: 'WORKER_LOST' } });
    expect(plan.story).toEqual(['first', 'first', 'first']);
  });

  it('writes nothing should it come back', async () => {
    const { id } = await harness.queue(plan);
    const other = harness.process([plan]);
    plan.first.does = async ({ run }) => {
      await harness.letTimePass(run.id);
      await other.claims.claim(run.id, 30_000, harness.process([plan]).registry);
      return { output: { stale: true }, commit: writeOnce(run.id) };
    };
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.wasWritten(id)).toBe(false);
    expect(await harness.read(id)).toMatchObject({ state: 'running', fence: 2, step: 'first' });
    expect((await harness.reader.get(id)).steps[0]).toMatchObject({ output: null, attempts: 0 });
    expect(plan.ends).toEqual([]);
  });

  it('is told by its lease that the run was taken, in the middle of a call', async () => {
    const { id } = await harness.queue(plan);
    const short = harness.process([plan], { leaseMs: 300 });
    plan.first.does = async ({ run, signal }) => {
      await harness.letTimePass(run.id);
      await process.claims.claim(run.id, 30_000, harness.process([plan]).registry);
      await once(signal, 'abort');
      throw new Error('the call was aborted');
    };
    expect(await short.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'running', fence: 2, error: null });
  });
});

describe('a process that stops', () => {
  it('hands the run back at the next step boundary and wakes another', async () => {
    const { id } = await harness.queue(plan);
    plan.first.does = () => {
      process.runner.stop();
      return Promise.resolve({ output: {} });
    };
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'queued', step: 'second', leaseUntil: null });
    expect(harness.woken).toEqual([expect.objectContaining({ runId: id, fence: 1 })]);
    expect(await process.runner.execute(id)).toEqual({ kind: 'idle' });
    expect(await harness.process([plan]).runner.execute(id)).toEqual({ kind: 'left' });
    expect(plan.story).toEqual(['first', 'second', 'third']);
  });

  it('gives a run back in the middle of a step that takes too long, which is no try', async () => {
    const hasty = harness.process([plan], { handOverMs: 50 });
    const { id } = await harness.queue(plan);
    plan.first.does = async ({ signal }) => {
      hasty.runner.stop();
      await once(signal, 'abort');
      throw new Error('The call was aborted.');
    };
    expect(await hasty.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'queued', step: 'first', leaseUntil: null, attempts: 0 });
    expect(await harness.attemptsOf(id, 'first')).toEqual([]);
    expect(harness.woken).toEqual([expect.objectContaining({ runId: id, fence: 1 })]);
  });

  it('begins nothing that cannot be repeated, and gives the run back instead', async () => {
    const { id } = await harness.queue(plan);
    const sent: string[] = [];
    plan.first.does = async (context) => {
      process.runner.stop();
      await context.commitIntent({ phase: 'posting' });
      sent.push(context.run.id);
      return { output: {} };
    };
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(sent).toEqual([]);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', step: 'first', intent: null, attempts: 0 });
    expect(harness.woken).toEqual([expect.objectContaining({ runId: id, fence: 1 })]);
  });

  it('gives back, for a while, a run whose lease is too short for the next call', async () => {
    const { id } = await harness.queue(plan);
    plan.first.does = (context) => {
      context.guard(30_000);
      throw new Error('The guard let it pass.');
    };
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait', forMs: expect.any(Number) });
    expect(await harness.read(id)).toMatchObject({ state: 'waiting', attempts: 0, error: { code: 'LEASE_TOO_SHORT' } });
    expect(harness.logged).toEqual([expect.objectContaining({ level: 40, runId: id })]);
  });
});

describe('a commit while the database is away', () => {
  it('is made once it is back, however often it was tried', async () => {
    plan.first.does = ({ run }) => {
      harness.database.awayUntil = Date.now() + 5_000;
      return Promise.resolve({ output: {}, commit: writeOnce(run.id) });
    };
    const { id } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.wasWritten(id)).toBe(true);
    expect(await harness.attemptsOf(id, 'first')).toMatchObject([{ outcome: 'succeeded' }]);
    expect((await harness.read(id)).state).toBe('succeeded');
  });

  it('is given up when the lease would end before the next try, and says so', async () => {
    const leaseMs = 2_000;
    const short = harness.process([plan], { leaseMs });
    short.claims.renew = () => Promise.reject(new Error('the database system is starting up'));
    plan.first.does = ({ run }) => {
      harness.database.awayUntil = Date.now() + leaseMs;
      return Promise.resolve({ output: {}, commit: writeOnce(run.id) });
    };
    const { id } = await harness.queue(plan);
    const from = Date.now();
    await expect(short.runner.execute(id)).rejects.toThrow('the database system is starting up');
    expect(Date.now() - from).toBeLessThan(1.25 * leaseMs);
    expect(harness.logged).toContainEqual(expect.objectContaining({ level: 50, runId: id }));
    expect(await harness.wasWritten(id)).toBe(false);
    expect(await harness.read(id)).toMatchObject({ state: 'running', step: 'first' });
    harness.database.awayUntil = 0;
  });
});

describe('a commit whose answer is lost', () => {
  const loseNextAnswer = () => void (harness.database.lostAnswers = 1);

  it.each(['first', 'third'] as const)('is not made twice (%s step)', async (name) => {
    plan[name].does = ({ run }) => {
      loseNextAnswer();
      return Promise.resolve({ output: { of: name }, intent: { phase: 'kept' }, commit: writeOnce(run.id) });
    };
    const { id, customerId } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(plan.story).toEqual(['first', 'second', 'third']);
    expect(await harness.attemptsOf(id, name)).toHaveLength(1);
    expect(await harness.read(id)).toMatchObject({ state: 'succeeded', intent: { phase: 'kept' } });
    expect(await harness.audited(customerId)).toEqual(['run.succeeded']);
  });

  it('still tells how long the run waits', async () => {
    plan.first.does = (context) => {
      loseNextAnswer();
      return Promise.reject(waitUntil(new Date(context.now().getTime() + 40_000)));
    };
    const { id } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
    expect(await harness.attemptsOf(id, 'first')).toHaveLength(1);
  });

  it('is not mistaken for one that never happened', async () => {
    plan.first.does = ({ run }) => {
      harness.database.refusals = 2;
      return Promise.resolve({ output: {}, commit: writeOnce(run.id) });
    };
    const { id } = await harness.queue(plan);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.wasWritten(id)).toBe(true);
    expect(await harness.attemptsOf(id, 'first')).toHaveLength(1);
    expect((await harness.read(id)).state).toBe('succeeded');
  });

  it('for good leaves the run to be taken up again, and says so', async () => {
    plan.first.does = () => {
      harness.database.refusals = 5;
      return Promise.resolve({ output: {} });
    };
    const { id } = await harness.queue(plan);
    await expect(process.runner.execute(id)).rejects.toThrow('the connection was refused');
    expect(harness.logged).toContainEqual(expect.objectContaining({ level: 50, runId: id }));
    expect(await harness.read(id)).toMatchObject({ state: 'running', step: 'first' });
    plan.first.does = () => Promise.resolve({ output: {} });
    await harness.letTimePass(id);
    await process.runner.execute(id);
    expect((await harness.read(id)).state).toBe('succeeded');
  });
});
