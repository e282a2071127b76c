import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { needsAttention, StepFailure, waitUntil } from '@app/runs';
import { RunsHarness, type RunsProcess } from './runs-harness.js';
import { TestPlan } from './test-plan.js';

const ERROR = { code: 'TEST_CODE', message: 'What happened.' };
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
  harness.woken.length = 0;
});

const succeed = () => Promise.resolve({ output: {} });
const fail = () => Promise.reject(new StepFailure({ kind: 'retry', exhausted: 'failed', error: ERROR }));
const askForAPerson = () => Promise.reject(needsAttention(ERROR));

/** A run that ended as `first` says; another step would have gone well. */
async function ended(first: () => Promise<never>, customerId?: string) {
  plan.first.does = first;
  const run = await harness.queue(plan, customerId === undefined ? {} : { customerId });
  while ((await process.runner.execute(run.id)).kind === 'wait');
  plan.first.does = succeed;
  return harness.read(run.id);
}

describe('one changing run per customer', () => {
  it('refuses a second one and names the first', async () => {
    const { id, customerId } = await harness.queue(plan);
    await expect(harness.queue(plan, { customerId })).rejects.toMatchObject({
      code: 'CUSTOMER_BUSY',
      kind: 'conflict',
      facts: { runId: id },
    });
  });

  it('is the one that is left of many made at once', async () => {
    const customerId = await harness.customer();
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => harness.queue(plan, { customerId })));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of made) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CUSTOMER_BUSY' });
    }
  });

  it('makes room when it has failed', async () => {
    const { customerId, state } = await ended(fail);
    expect(state).toBe('failed');
    await expect(harness.queue(plan, { customerId })).resolves.toMatchObject({ state: 'queued' });
  });

  it('keeps others out while it waits for a person', async () => {
    const { customerId } = await ended(askForAPerson);
    await expect(harness.queue(plan, { customerId })).rejects.toMatchObject({ code: 'CUSTOMER_BUSY' });
  });

  it('makes a retry wait, which is told who is in the way', async () => {
    const { id, customerId } = await ended(fail);
    const other = await harness.queue(plan, { customerId });
    await expect(harness.retry(id)).rejects.toMatchObject({ code: 'CUSTOMER_BUSY', facts: { runId: other.id } });
    expect((await harness.read(id)).state).toBe('failed');
  });

  it('is the one that is left of two retried at once', async () => {
    const { id, customerId } = await ended(fail);
    const { id: otherId } = await ended(fail, customerId);
    const retries = await Promise.allSettled([harness.retry(id), harness.retry(otherId)]);
    expect(retries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(retries.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'CUSTOMER_BUSY' } });
  });
});

describe('a retry', () => {
  it('queues a failed run on its step, with fresh tries and time, and wakes it', async () => {
    const { id, customerId, fence, deadlineAt } = await ended(fail);
    expect(await harness.retry(id)).toMatchObject({
      state: 'queued',
      step: 'first',
      attempts: 0,
      error: null,
      finishedAt: null,
      holdsSlot: true,
      fence: fence + 1,
    });
    expect((await harness.read(id)).deadlineAt.getTime()).toBeGreaterThan(deadlineAt.getTime() + 80_000_000);
    expect(harness.woken).toEqual([expect.objectContaining({ runId: id, fence: fence + 1 })]);
    await process.runner.execute(id);
    expect((await harness.states(id)).state).toBe('succeeded');
    expect(await harness.audited(customerId)).toEqual(['run.failed', 'run.retried', 'run.succeeded']);
  });

  it('shows the step as under way again', async () => {
    const { id } = await ended(askForAPerson);
    await harness.retry(id);
    let seen: unknown;
    plan.first.does = async () => {
      seen = (await harness.reader.get(id)).steps[0];
      return { output: {} };
    };
    await process.runner.execute(id);
    expect(seen).toMatchObject({ state: 'running', finishedAt: null, attempts: 1 });
  });

  it('does what else it means in the same transaction', async () => {
    const { id } = await ended(fail);
    const refused = harness.service.retry(id, await harness.change(id), () => Promise.reject(new Error('no')));
    await expect(refused).rejects.toThrow('no');
    expect((await harness.read(id)).state).toBe('failed');
    expect(harness.woken).toEqual([]);
  });

  it('is refused to somebody who saw an older revision', async () => {
    const { id } = await ended(fail);
    const change = await harness.change(id);
    const stale = harness.service.retry(id, { ...change, revision: change.revision - 1 }, succeed as never);
    await expect(stale).rejects.toMatchObject({
      code: 'RUN_CHANGED',
      kind: 'stale',
      facts: { revision: change.revision },
    });
  });

  it('happens once when it is asked for twice at the same time', async () => {
    const { id } = await ended(fail);
    const change = await harness.change(id);
    const retries = await Promise.allSettled([1, 2].map(() => harness.service.retry(id, change, async () => {})));
    expect(retries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is refused for a run that has not stopped', async () => {
    const { id } = await harness.queue(plan);
    await expect(harness.retry(id)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT', facts: { state: 'queued' } });
    await process.runner.execute(id);
    await expect(harness.retry(id)).rejects.toMatchObject({
      code: 'RUN_STATE_CONFLICT',
      facts: { state: 'succeeded' },
    });
  });

  it('is refused for a run that does not exist', async () => {
    const change = { revision: 1, reason: 'because', actor: 'operator:ann', requestId: 'request-2' };
    await expect(harness.service.retry(randomUUID(), change, async () => {})).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    });
  });

  it('of a cancelled run starts from the first step, with nothing left of before', async () => {
    plan.second.does = async (context) => {
      await context.commitIntent({ phase: 'posting' });
      throw needsAttention(ERROR);
    };
    const { id } = await harness.queue(plan);
    await process.runner.execute(id);
    await harness.cancel(id);
    await process.runner.execute(id);
    expect(await harness.read(id)).toMatchObject({ state: 'cancelled', intent: null });
    plan.story.length = 0;
    plan.second.does = succeed;
    let seen: unknown;
    plan.first.does = async (context) => {
      const { step, cancelRequested, intent, steps } = await harness.reader.get(id);
      seen = { step, cancelRequested, intent, known: context.intent, steps: steps.map(({ state }) => state) };
      return { output: {} };
    };
    await harness.retry(id);
    expect((await harness.reader.get(id)).steps.map(({ output }) => output)).toEqual([null, null, null]);
    await process.runner.execute(id);
    expect(seen).toEqual({
      step: 'first',
      cancelRequested: false,
      intent: null,
      known: null,
      steps: ['running', 'pending', 'pending'],
    });
    expect(plan.story).toEqual(['first', 'second', 'third']);
    expect((await harness.read(id)).state).toBe('succeeded');
  });
});

describe('a cancellation', () => {
  it('of a run that nobody has begun takes back nothing', async () => {
    const { id, customerId } = await harness.queue(plan);
    await harness.cancel(id);
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(await harness.read(id)).toMatchObject({ state: 'cancelled', holdsSlot: false });
    expect(plan.story).toEqual(['undo first']);
    expect(plan.ends).toEqual([{ outcome: 'cancelled' }]);
    expect(await harness.audited(customerId)).toEqual(['run.cancel_requested', 'run.cancelled']);
  });

  it('of a running run is honoured at the next step boundary', async () => {
    const { id } = await harness.queue(plan);
    plan.first.does = async () => {
      expect((await harness.cancel(id)).state).toBe('running');
      return { output: {} };
    };
    await process.runner.execute(id);
    expect(plan.story).toEqual(['first', 'undo second', 'undo first']);
    expect(await harness.states(id)).toEqual({
      state: 'cancelled',
      steps: { first: 'undone', second: 'undone', third: 'pending' },
    });
  });

  it('that arrives while the last step is at work still counts', async () => {
    const { id } = await harness.queue(plan);
    plan.third.does = async () => {
      await harness.cancel(id);
      return { output: {} };
    };
    await process.runner.execute(id);
    expect(plan.story).toEqual(['first', 'second', 'third', 'undo third', 'undo second', 'undo first']);
    expect(plan.ends).toEqual([{ outcome: 'cancelled' }]);
    expect((await harness.states(id)).state).toBe('cancelled');
  });

  it('that arrives while the last step is being committed comes too late, and is told so', async () => {
    const { id } = await harness.queue(plan);
    let cancelling: Promise<unknown> | undefined;
    plan.third.does = async () => {
      const change = await harness.change(id);
      return {
        output: {},
        commit: () => {
          cancelling = harness.service.cancel(id, change).catch((error: unknown) => error);
          return Promise.resolve([]);
        },
      };
    };
    await process.runner.execute(id);
    expect(await cancelling).toMatchObject({ code: 'RUN_CHANGED' });
    expect((await harness.states(id)).state).toBe('succeeded');
  });

  it.each([
    ['fails', fail],
    ['asks for a person', askForAPerson],
    ['waits', () => Promise.reject(waitUntil(new Date(Date.now() + 60_000)))],
  ])('is not lost when the step it meets %s', async (_how, does) => {
    const { id } = await harness.queue(plan);
    plan.first.does = async () => {
      await harness.cancel(id);
      return does();
    };
    expect(await process.runner.execute(id)).toEqual({ kind: 'left' });
    expect(plan.story).toEqual(['first', 'undo first']);
    expect(await harness.read(id)).toMatchObject({ state: 'cancelled', error: null });
  });

  it('of a waiting run wakes it', async () => {
    plan.second.does = (context) => Promise.reject(waitUntil(new Date(context.now().getTime() + 50_000)));
    const { id } = await harness.queue(plan);
    await process.runner.execute(id);
    const { fence } = await harness.cancel(id);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', nextRunAt: null, fence: 2 });
    expect(harness.woken).toEqual([expect.objectContaining({ runId: id, fence })]);
    await process.runner.execute(id);
    expect(plan.story).toEqual(['first', 'second', 'undo second', 'undo first']);
    expect((await harness.states(id)).state).toBe('cancelled');
  });

  it('waits where taking back must wait, and goes on where it was', async () => {
    const { id } = await harness.queue(plan);
    plan.first.does = async () => {
      await harness.cancel(id);
      return { output: {} };
    };
    plan.first.undoes = (context) => Promise.reject(waitUntil(new Date(context.now().getTime() + 50_000)));
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
    expect(await harness.states(id)).toMatchObject({ state: 'waiting', steps: { first: 'waiting', second: 'undone' } });
    plan.first.undoes = () => Promise.resolve({});
    await harness.letTimePass(id);
    await process.runner.execute(id);
    expect((await harness.states(id)).state).toBe('cancelled');
    expect(plan.story).toEqual(['first', 'undo second', 'undo first', 'undo first']);
  });

  it('has time to take back what was made, however late it comes', async () => {
    const { id } = await ended(askForAPerson);
    await harness.database.client.run.update({ where: { id }, data: { deadlineAt: new Date(Date.now() - 1_000) } });
    await harness.cancel(id);
    plan.first.undoes = (context) => Promise.reject(waitUntil(new Date(context.now().getTime() + 1_000)));
    expect(await process.runner.execute(id)).toMatchObject({ kind: 'wait' });
  });

  it('that cannot be finished fails the run, and a retry goes on taking back', async () => {
    const { id } = await ended(askForAPerson);
    await harness.cancel(id);
    plan.first.undoes = fail;
    while ((await process.runner.execute(id)).kind === 'wait');
    expect(await harness.read(id)).toMatchObject({ state: 'failed', error: ERROR });
    plan.first.undoes = () => Promise.resolve({});
    await harness.retry(id);
    await process.runner.execute(id);
    expect((await harness.states(id)).state).toBe('cancelled');
  });

  it('is refused by revision and by state', async () => {
    const { id } = await harness.queue(plan);
    const change = await harness.change(id);
    await process.runner.execute(id);
    await expect(harness.service.cancel(id, change)).rejects.toMatchObject({ code: 'RUN_CHANGED' });
    await expect(harness.cancel(id)).rejects.toMatchObject({ code: 'RUN_STATE_CONFLICT' });
    expect(harness.woken).toEqual([]);
  });
});
