import { describe, expect, it } from '@jest/globals';
import { failAttempt, judge, loseAttempt } from './failed-attempt.js';
import type { Plan } from './plan.js';
import type { Step } from './step.js';
import { type Failure, needsAttention, waitUntil } from './step-failure.js';

const now = new Date('2026-01-01T00:00:00.000Z');
const inMs = (ms: number) => new Date(now.getTime() + ms);
const error = { code: 'TEST_CODE', message: 'What happened.', hint: 'What to do.', qlik: { status: 503 } };
const step = { name: 'create', retry: { maxAttempts: 3, baseMs: 1_000, maxMs: 60_000 } } as Step;
const calls = [{ operation: 'create', status: 503 }];
const state = (attempts = 0) => ({ run: { deadlineAt: inMs(60_000) }, attempts, startedAt: now, now, calls });
const fail = (failure: Failure, attempts = 0) => failAttempt(state(attempts), step, failure, () => 0.5).end;
const planThatExplains = (explain: Plan['explain']) => ({ explain }) as Plan;

describe('failAttempt', () => {
  it('pauses before the next try, within the budget', () => {
    expect(fail({ kind: 'retry', error, exhausted: 'failed' }, 1)).toEqual({
      attempt: { outcome: 'retried', startedAt: now, calls },
      step: { name: 'create', state: 'waiting' },
      run: { state: 'waiting', step: 'create', attempts: 2 },
      error,
      waitUntil: inMs(1_000),
    });
  });

  it('waits at least as long as it was told to, which counts as a try all the same', () => {
    const told = (notBeforeMs: number) => fail({ kind: 'retry', error, exhausted: 'failed', notBeforeMs }, 1);
    expect(told(30_000)).toMatchObject({ run: { state: 'waiting', attempts: 2 }, waitUntil: inMs(30_000) });
    expect(told(999).waitUntil).toEqual(inMs(1_000));
    expect(told(60_001)).toMatchObject({ run: { state: 'failed' }, error: { code: 'RUN_DEADLINE_EXCEEDED' } });
  });

  it.each(['failed', 'needs_attention'] as const)(
    'ends in %s as the failure says, once the budget is spent',
    (exhausted) => {
      expect(fail({ kind: 'retry', error, exhausted }, 2)).toEqual({
        attempt: { outcome: exhausted, startedAt: now, calls },
        step: { name: 'create', state: exhausted },
        run: { state: exhausted, step: 'create', attempts: 3 },
        error,
      });
    },
  );

  it.each<[string, Failure]>([
    ['until an instant', { kind: 'wait-until', error: null, until: inMs(5_000) }],
    ['for a while', { kind: 'wait-for', error: null, forMs: 5_000 }],
  ])('waits %s without counting a try', (_how, failure) => {
    expect(fail(failure, 2)).toEqual({
      attempt: { outcome: 'waited', startedAt: now, calls },
      step: { name: 'create', state: 'waiting' },
      run: { state: 'waiting', step: 'create', attempts: 2 },
      error: null,
      waitUntil: inMs(5_000),
    });
  });

  it('stops at once for a person', () => {
    expect(fail({ kind: 'attention', error })).toMatchObject({
      attempt: { outcome: 'needs_attention' },
      run: { state: 'needs_attention', step: 'create', attempts: 1 },
      error,
    });
  });

  it('waits up to the deadline and fails the run beyond it, telling the last error', () => {
    expect(fail({ kind: 'wait-for', error, forMs: 60_000 }).run.state).toBe('waiting');
    expect(fail({ kind: 'wait-for', error, forMs: 60_001 })).toMatchObject({
      run: { state: 'failed' },
      error: {
        code: 'RUN_DEADLINE_EXCEEDED',
        message: expect.stringContaining('What happened.'),
        hint: 'What to do.',
        qlik: { status: 503 },
      },
    });
    expect(fail({ kind: 'wait-for', error: null, forMs: 60_001 }).error?.hint).toContain('retry the run');
  });
});

describe('loseAttempt', () => {
  it('counts, and leaves the run on its step', () => {
    expect(loseAttempt(state(1), step).end).toMatchObject({
      attempt: { outcome: 'lost' },
      step: { name: 'create', state: 'running' },
      run: { state: 'running', step: 'create', attempts: 2 },
      error: { code: 'WORKER_LOST' },
    });
  });

  it('fails the run once its tries are spent', () => {
    expect(loseAttempt(state(2), step).end).toMatchObject({
      step: { state: 'failed' },
      run: { state: 'failed', attempts: 3 },
      error: { code: 'WORKER_LOST' },
    });
  });
});

describe('judge', () => {
  const never = planThatExplains(() => {
    throw new Error('The plan was asked.');
  });

  it("takes the step's own word first", () => {
    expect(judge(never, needsAttention(error))).toEqual({ kind: 'attention', error });
    expect(judge(never, waitUntil(now))).toEqual({ kind: 'wait-until', error: null, until: now });
  });

  it("then the plan's", () => {
    const failure: Failure = { kind: 'wait-for', error, forMs: 1 };
    expect(
      judge(
        planThatExplains(() => failure),
        new Error('known to the plan'),
      ),
    ).toBe(failure);
  });

  it('names a database that does not answer, or whose disk is full', () => {
    for (const code of ['53100', '57P01', '08006']) {
      const failure = judge(
        planThatExplains(() => undefined),
        Object.assign(new Error('no'), { code }),
      );
      expect(failure).toMatchObject({ kind: 'retry', exhausted: 'failed', error: { code: 'DATABASE_UNAVAILABLE' } });
    }
  });

  it('else takes it for a fault of ours, and repeats nothing of it', () => {
    const failure = judge(
      planThatExplains(() => undefined),
      new Error('password=hunter2'),
    );
    expect(failure).toMatchObject({ kind: 'retry', exhausted: 'failed', error: { code: 'INTERNAL_ERROR' } });
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });
});
