import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Plan } from './plan.js';
import type { CommittedIntent, Completed, Intent, Step, StepContext } from './step.js';
import { completeStep, undoStep } from './step-progress.js';

const now = new Date('2026-01-01T00:00:00.000Z');
const contextWith = (intent: CommittedIntent | null = null, input: object = {}) =>
  ({ intent, now: () => now, run: { id: 'run-1', input } }) as StepContext;

const step = (name: string, more: Partial<Step> = {}): Step => ({
  name,
  output: z.object({ id: z.string() }),
  retry: { maxAttempts: 1, baseMs: 0, maxMs: 0 },
  run: () => Promise.resolve({ output: { id: name } }),
  ...more,
});
const planOf = (...steps: Step[]) => ({ name: 'plan', steps }) as unknown as Plan;
const unneeded = { isNeeded: () => false };

/** Where a run stands after `plan`'s first step. */
const afterFirst = async (plan: Plan, context = contextWith()) =>
  (await completeStep(plan, plan.steps[0]!, context, [])).end;

describe('completeStep', () => {
  it('goes on with the next step', async () => {
    const calls = [{ operation: 'list', status: 200 }];
    const plan = planOf(step('a'), step('b'), step('c'));
    expect(await completeStep(plan, plan.steps[0]!, contextWith(), calls)).toEqual({
      end: {
        attempt: { outcome: 'succeeded', startedAt: now, calls },
        step: { name: 'a', state: 'succeeded', output: { id: 'a' } },
        run: { state: 'running', step: 'b', attempts: 0 },
        skipped: [],
        error: null,
        intent: undefined,
      },
      write: undefined,
    });
  });

  it('passes over steps that have nothing to do', async () => {
    expect(await afterFirst(planOf(step('a'), step('b', unneeded), step('c', unneeded), step('d')))).toMatchObject({
      run: { state: 'running', step: 'd' },
      skipped: ['b', 'c'],
    });
  });

  it('ends the run when no step is left', async () => {
    expect(await afterFirst(planOf(step('a')))).toMatchObject({ run: { state: 'succeeded', step: null }, skipped: [] });
    expect(await afterFirst(planOf(step('a'), step('b', unneeded)))).toMatchObject({
      run: { state: 'succeeded', step: null },
      skipped: ['b'],
    });
  });

  it.each<[string, Completed<unknown>['intent'], string]>([
    ['left alone', undefined, 'committed'],
    ['left by the step', { phase: 'kept' }, 'kept'],
    ['taken away by the step', null, 'none'],
  ])('judges what is needed by the intent that was %s', async (_how, intent, seen) => {
    const phases: string[] = [];
    const isNeeded = (value: Intent | null) => {
      phases.push(value?.phase ?? 'none');
      return true;
    };
    const run = () => Promise.resolve(intent === undefined ? { output: { id: 'a' } } : { output: { id: 'a' }, intent });
    await afterFirst(planOf(step('a', { run }), step('b', { isNeeded })), contextWith({ phase: 'committed', at: '' }));
    expect(phases).toEqual([seen]);
  });

  it('keeps of the output what its schema knows, and refuses any other', async () => {
    const surplus = () => Promise.resolve({ output: { id: 'a', clientSecret: 'hunter2' } });
    expect((await afterFirst(planOf(step('a', { run: surplus })))).step.output).toEqual({ id: 'a' });
    const wrong = () => Promise.resolve({ output: { id: 1 } });
    await expect(afterFirst(planOf(step('a', { run: wrong })))).rejects.toThrow(z.ZodError);
  });

  it('throws what the step throws', async () => {
    await expect(afterFirst(planOf(step('a', { run: () => Promise.reject(new Error('no')) })))).rejects.toThrow('no');
  });
});

describe('undoStep', () => {
  it('goes back to the step before', async () => {
    const commit = () => Promise.resolve([]);
    const plan = planOf(step('a'), step('b', { undo: () => Promise.resolve({ intent: { phase: 'gone' }, commit }) }));
    expect(await undoStep(plan, plan.steps[1]!, contextWith(), [])).toMatchObject({
      end: {
        step: { name: 'b', state: 'undone' },
        run: { state: 'running', step: 'a', attempts: 0 },
        intent: { phase: 'gone' },
      },
      write: commit,
    });
  });

  it('cancels the run before its first step, with no intent left', async () => {
    const plan = planOf(step('a'), step('b'));
    expect((await undoStep(plan, plan.steps[0]!, contextWith({ phase: 'posting', at: '' }), [])).end).toMatchObject({
      step: { name: 'a', state: 'undone' },
      run: { state: 'cancelled', step: null },
      intent: null,
    });
  });

  it('has a run that was told to begin again stand at its beginning, with no intent left', async () => {
    const plan = planOf(step('a'), step('b'));
    const context = contextWith({ phase: 'posting', at: '' }, { onceUndone: true });
    expect((await undoStep(plan, plan.steps[0]!, context, [])).end).toMatchObject({
      step: { name: 'a', state: 'undone' },
      run: { state: 'queued', step: null },
      intent: null,
    });
  });
});
