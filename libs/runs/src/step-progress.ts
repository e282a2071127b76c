import type { AttemptEnd } from './attempt-end.js';
import type { Standing } from './attempts.repository.js';
import type { HeldRun } from './held-run.js';
import type { Plan } from './plan.js';
import type { CallRecord } from './run-error.js';
import type { RunEvent } from './run-event.js';
import type { Intent, Step, StepContext } from './step.js';
import type { Sql } from '@app/platform';

/** How an attempt ends, and what its step writes in the same transaction. */
export interface Progress {
  end: AttemptEnd;
  write?: (tx: Sql) => Promise<readonly RunEvent[]>;
}

/** Runs `step` and says where the run stands once that is committed. Throws what the step throws. */
export async function completeStep(
  plan: Plan,
  step: Step,
  context: StepContext,
  calls: CallRecord[],
): Promise<Progress> {
  const startedAt = context.now();
  const completed = await step.run(context);
  const output = step.output.parse(completed.output);
  const { next, skipped } = findNext(plan, step, completed.intent === undefined ? context.intent : completed.intent);
  return {
    end: {
      attempt: { outcome: 'succeeded', startedAt, calls },
      step: { name: step.name, state: 'succeeded', output },
      run: { state: next === null ? 'succeeded' : 'running', step: next, attempts: 0 },
      skipped,
      error: null,
      intent: completed.intent,
    },
    write: completed.commit,
  };
}

/** Takes back what `step` did and says where the run stands then: on the step before it, or cancelled. */
export async function undoStep(plan: Plan, step: Step, context: StepContext, calls: CallRecord[]): Promise<Progress> {
  const startedAt = context.now();
  const undone = await step.undo?.(context);
  const previous = plan.steps[plan.steps.indexOf(step) - 1]?.name ?? null;
  return {
    end: {
      attempt: { outcome: 'succeeded', startedAt, calls },
      step: { name: step.name, state: 'undone' },
      run: { state: previous === null ? 'cancelled' : 'running', step: previous, attempts: 0 },
      error: null,
      intent: previous === null ? null : undone?.intent,
    },
    write: undone?.commit,
  };
}

/** The steps after `step` that have nothing to do, and the first that has. */
function findNext(plan: Plan, step: Step, intent: Intent | null) {
  const skipped: string[] = [];
  for (const candidate of plan.steps.slice(plan.steps.indexOf(step) + 1)) {
    if (candidate.isNeeded?.(intent) ?? true) return { next: candidate.name, skipped };
    skipped.push(candidate.name);
  }
  return { next: null, skipped };
}

/** What the run remembers once `progress` is committed. */
export function rememberProgress(run: HeldRun, { end }: Progress, standing: Standing): void {
  if (end.step.output !== undefined) run.outputs.set(end.step.name, end.step.output);
  run.intent = standing.intent;
  run.cancelRequested = standing.cancelRequested;
  run.isPaused = standing.isPaused;
  run.attempts = end.run.attempts;
}
