import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@app/runs';
import { Gate } from './gate.js';
import { RunsHarness, type RunsProcess } from './runs-harness.js';
import { TestPlan } from './test-plan.js';

const ERROR = { code: 'TEST_CODE', message: 'What happened.', hint: 'What to do.' };
const GRACE_MS = 5_000;
let harness: RunsHarness;
let plan: TestPlan;
let process: RunsProcess;

beforeAll(async () => {
  harness = await RunsHarness.start();
});
afterAll(() => harness.close());
beforeEach(async () => {
  await harness.database.client.$executeRaw`TRUNCATE step_attempts, run_steps, runs, pauses`;
  plan = new TestPlan();
  process = harness.process([plan]);
  harness.woken.length = 0;
});

const execute = (runId: string) => process.runner.execute(runId);
const wokenIds = () => harness.woken.map(({ runId }) => runId);
const inAWhile = (now: Date) => waitUntil(new Date(now.getTime() + 10_000), ERROR);

/** A pause of each kind that holds the run. */
const kinds: [string, (runId: string) => Promise<string>][] = [
  ['its plan', () => harness.pause({ plan: plan.name })],
  ['its tenant', async (runId) => harness.pause({ tenantHost: await harness.tenantOf(runId) })],
];

describe.each(kinds)('a pause of %s', (_what, pauseFor) => {
  it('keeps a run from being claimed until it is lifted, which wakes the run', async () => {
    const { id } = await harness.queue(plan);
    const pauseId = await pauseFor(id);
    expect(await execute(id)).toEqual({ kind: 'idle' });
    expect(await harness.read(id)).toMatchObject({ state: 'queued', fence: 0 });
    await harness.lift(pauseId);
    expect(wokenIds()).toEqual([id]);
    await execute(id);
    expect(await harness.read(id)).toMatchObject({ state: 'succeeded' });
  });

  it('lets the step under way end, keeps what it did, and hands the run back', async () => {
    const { id } = await harness.queue(plan);
    const gate = new Gate();
    plan.first.does = async () => {
      await gate.pass();
      return { output: { made: 'x' } };
    };
    const walk = execute(id);
    await gate.reached;
    const pauseId = await pauseFor(id);
    gate.open();
    expect(await walk).toEqual({ kind: 'left' });
    expect(plan.story).toEqual(['first']);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', step: 'second', leaseUntil: null });
    expect((await harness.states(id)).steps).toEqual({ first: 'succeeded', second: 'pending', third: 'pending' });
    // Nothing of a pause that was lifted while it was handed back would be missed.
    expect(await execute(id)).toEqual({ kind: 'idle' });
    await harness.lift(pauseId);
    await execute(id);
    expect(plan.story).toEqual(['first', 'second', 'third']);
    expect((await harness.read(id)).state).toBe('succeeded');
  });

  it('holds a run whose worker vanished, and counts that once it is lifted', async () => {
    const { id } = await harness.queue(plan);
    await process.claims.claim(id, 30_000, harness.process([plan]).registry);
    const pauseId = await pauseFor(id);
    await harness.letTimePass(id);
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(0);
    expect(await execute(id)).toEqual({ kind: 'idle' });
    await harness.lift(pauseId);
    await execute(id);
    const { state, steps } = await harness.reader.get(id);
    expect(state).toBe('succeeded');
    expect(steps[0]?.attemptRows.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  });

  it('is not woken against by the sweep, however long it lasts', async () => {
    const { id } = await harness.queue(plan);
    await pauseFor(id);
    await harness.forgetWakeUp(id);
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(0);
    expect(harness.woken).toEqual([]);
  });

  it('does not touch the runs of others', async () => {
    const { id } = await harness.queue(plan);
    await pauseFor(id);
    const otherPlan = new TestPlan();
    const other = await harness.queue(otherPlan);
    await harness.process([otherPlan]).runner.execute(other.id);
    expect((await harness.read(other.id)).state).toBe('succeeded');
  });

  it('is shown on the open runs that it holds', async () => {
    const { id } = await harness.queue(plan);
    const pauseId = await pauseFor(id);
    const shown = await harness.pauses.addPauses([await harness.read(id)]);
    expect(shown).toMatchObject([{ id, pausedBy: { id: pauseId, reason: 'maintenance', actor: 'operator:ann' } }]);
    const ended = await harness.database.client.run.update({ where: { id }, data: { state: 'failed' } });
    expect(await harness.pauses.addPauses([ended])).toMatchObject([{ id, pausedBy: null }]);
  });
});

describe('two pauses of one run', () => {
  it('hold it until both are lifted, and the older is shown', async () => {
    const { id } = await harness.queue(plan);
    const older = await harness.pause({ plan: plan.name });
    const newer = await harness.pause({ tenantHost: await harness.tenantOf(id) });
    expect(await harness.pauses.addPauses([await harness.read(id)])).toMatchObject([{ pausedBy: { id: older } }]);
    await harness.lift(older);
    expect(harness.woken).toEqual([]);
    expect(await execute(id)).toEqual({ kind: 'idle' });
    await harness.lift(newer);
    expect(wokenIds()).toEqual([id]);
  });
});

describe('lifting', () => {
  it('wakes a run that waited and is due, and leaves one alone that is not', async () => {
    plan.first.does = (context) => Promise.reject(inAWhile(context.now()));
    const due = await harness.queue(plan);
    const early = await harness.queue(plan);
    await execute(due.id);
    await execute(early.id);
    const pauseId = await harness.pause({ plan: plan.name });
    await harness.letTimePass(due.id);
    // The delayed wake-up comes, and has nothing to do.
    expect(await execute(due.id)).toEqual({ kind: 'idle' });
    await harness.lift(pauseId);
    expect(wokenIds()).toEqual([due.id]);
  });

  it('leaves what is too much for it to the sweep, which need not wait', async () => {
    await harness.queueForgotten(plan, 600);
    const pauseId = await harness.pause({ plan: plan.name });
    await harness.lift(pauseId);
    await harness.drain();
    expect(harness.woken).toHaveLength(500);
    expect(await harness.sweep.sweep(GRACE_MS)).toBe(100);
    expect(new Set(wokenIds()).size).toBe(600);
  });

  it('is refused where there is nothing to lift', async () => {
    const pauseId = await harness.pause({ plan: plan.name });
    await harness.lift(pauseId);
    await expect(harness.lift(pauseId)).rejects.toThrow(expect.objectContaining({ code: 'PAUSE_NOT_FOUND' }));
  });
});

describe('setting', () => {
  it('the same pause many times at once makes one, and audits it once', async () => {
    const tenantHost = 'many.eu.qlikcloud.com';
    const ids = await Promise.all(Array.from({ length: 10 }, () => harness.pause({ tenantHost })));
    expect(new Set(ids).size).toBe(1);
    const { events } = await harness.audit.list({ chain: 'system', action: 'pause.set', limit: 100 });
    expect(events.filter(({ subject }) => subject.pauseId === ids[0])).toHaveLength(1);
  });

  it('and lifting are audited with who and why, the tenant by its customer and a hash of its host', async () => {
    const { id, customerId } = await harness.queue(plan);
    const tenantHost = await harness.tenantOf(id);
    const pauseId = await harness.pause({ tenantHost });
    await harness.lift(pauseId);
    const { events } = await harness.audit.list({ chain: 'system', limit: 2 });
    const tenantHostSha256 = createHash('sha256').update(tenantHost).digest('hex');
    const of = { subject: { pauseId, customerId }, data: { plan: null, tenantHostSha256, reason: 'maintenance' } };
    expect(events).toEqual([
      expect.objectContaining({ action: 'pause.lifted', actor: 'operator:bob', requestId: 'request-4', ...of }),
      expect.objectContaining({ action: 'pause.set', actor: 'operator:ann', requestId: 'request-3', ...of }),
    ]);
  });

  it('of a tenant that is no customer yet is audited so that the tenant can be told', async () => {
    await harness.lift(await harness.pause({ tenantHost: 'nobody.eu.qlikcloud.com' }));
    const { events } = await harness.audit.list({ chain: 'system', limit: 2 });
    for (const { data } of events) {
      // printf %s nobody.eu.qlikcloud.com | sha256sum
      expect(data.tenantHostSha256).toBe('229d1c5e10eab8612298e615f16f2e6cc65923449fb524bb6ea817d5ef6c50c5');
    }
    expect(events.map(({ action }) => action)).toEqual(['pause.lifted', 'pause.set']);
    expect(JSON.stringify(events)).not.toContain('nobody.eu');
  });

  it('a pause of a plan is audited with no tenant', async () => {
    await harness.lift(await harness.pause({ plan: plan.name }));
    const { events } = await harness.audit.list({ chain: 'system', limit: 2 });
    for (const { data } of events)
      expect(data).toEqual({ plan: plan.name, tenantHostSha256: null, reason: 'maintenance' });
  });

  it('both targets or none is refused by the database itself', async () => {
    const row = { id: '01a20109-bf8b-76df-98e2-059d5b0b24a5', reason: 'r', actor: 'a' };
    const { pause } = harness.database.client;
    await expect(pause.create({ data: { ...row, plan: 'p', tenantHost: 't' } })).rejects.toThrow();
    await expect(pause.create({ data: row })).rejects.toThrow();
  });
});

describe('a paused run', () => {
  it('that is cancelled is undone only once the pause is lifted', async () => {
    plan.second.does = (context) => Promise.reject(inAWhile(context.now()));
    const { id } = await harness.queue(plan);
    await execute(id);
    const pauseId = await harness.pause({ plan: plan.name });
    await harness.cancel(id);
    expect(await execute(id)).toEqual({ kind: 'idle' });
    expect(await harness.read(id)).toMatchObject({ state: 'queued', cancelRequested: true });
    await harness.lift(pauseId);
    await execute(id);
    expect(plan.story).toEqual(['first', 'second', 'undo second', 'undo first']);
    expect((await harness.read(id)).state).toBe('cancelled');
  });

  it('is not undone further than the step at which the pause was set', async () => {
    plan.second.does = (context) => Promise.reject(inAWhile(context.now()));
    plan.second.undoes = async () => {
      await harness.pause({ plan: plan.name });
      return {};
    };
    const { id } = await harness.queue(plan);
    await execute(id);
    await harness.cancel(id);
    expect(await execute(id)).toEqual({ kind: 'left' });
    expect(plan.story).toEqual(['first', 'second', 'undo second']);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', step: 'first', cancelRequested: true });
  });

  it('is held at the step boundary also when the answer of its COMMIT was lost', async () => {
    plan.first.does = async () => {
      await harness.pause({ plan: plan.name });
      harness.database.lostAnswers = 1;
      return { output: {} };
    };
    const { id } = await harness.queue(plan);
    expect(await execute(id)).toEqual({ kind: 'left' });
    expect(plan.story).toEqual(['first']);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', step: 'second' });
  });

  it('is woken should the pause be lifted while it is handed back', async () => {
    plan.first.does = async () => {
      await harness.pause({ plan: plan.name });
      return { output: {} };
    };
    const { id } = await harness.queue(plan);
    await execute(id);
    expect(wokenIds()).toEqual([id]);
  });

  it('has no more time for it: past its deadline it still goes on, but waits for nothing', async () => {
    const patient = await harness.queue(plan, { wallClockMs: 1 });
    const other = new TestPlan();
    other.second.does = (context) => Promise.reject(inAWhile(context.now()));
    const waiting = await harness.queue(other, { wallClockMs: 1 });
    const pauses = [await harness.pause({ plan: plan.name }), await harness.pause({ plan: other.name })];
    for (const pauseId of pauses) await harness.lift(pauseId);
    await execute(patient.id);
    await harness.process([other]).runner.execute(waiting.id);
    expect((await harness.read(patient.id)).state).toBe('succeeded');
    expect(await harness.read(waiting.id)).toMatchObject({
      state: 'failed',
      step: 'second',
      error: { code: 'RUN_DEADLINE_EXCEEDED', hint: ERROR.hint },
    });
    await harness.retry(waiting.id);
    expect((await harness.read(waiting.id)).deadlineAt.getTime()).toBeGreaterThan(Date.now() + 80_000_000);
  });
});
