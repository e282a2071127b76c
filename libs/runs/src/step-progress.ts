import type { AttemptEnd } from './attempt-end.js';
import type { Standing } from './attempts.repository.js';
import type { HeldRun } from './held-run.js';
import type { AnyPlan, AnyStep } from './plan.js';
import type { CallRecord } from './run-error.js';
import type { RunEvent } from './run-event.js';
import type { Intent, StepContext } from './step.js';
import type { Sql } from '@app/platform';
import { beginAgain, beginsAgain } from './begins-again.js';

/** How an attempt ends, and what its step writes in the same transaction. */
export interface Progress {
  end: AttemptEnd;
  write?: (tx: Sql) => Promise<readonly RunEvent[]>;
}

/** Runs `step` and says where the run stands once that is committed. Throws what the step throws. */
export async function completeStep(
  plan: AnyPlan,
  step: AnyStep,
  context: StepContext<string | null>,
  calls: CallRecord[],
): Promise<Progress> {
  const startedAt = context.now();
  const completed = await step.run(context);
  const output = step.output.parse(completed.output);
  const { next, skipped } = findNext(plan, step, completed.intent === undefined ? context.intent : completed.intent);
  const state = next === undefined ? 'succeeded' : stateOnWayTo(next, step);
  return {
    end: {
      attempt: { outcome: 'succeeded', startedAt, calls },
      step: { name: step.name, state: 'succeeded', output },
      run: { state, step: next?.name ?? null, attempts: 0 },
      sharesCustomer: next?.sharesCustomer,
      skipped,
      error: null,
      intent: completed.intent,
      wallClockMs: completed.wallClockMs,
    },
    write: completed.commit,
  };
}

/** Takes back what `step` did and says where the run stands then: on the step before it, cancelled, or at its beginning again. */
export async function undoStep(
  plan: AnyPlan,
  step: AnyStep,
  context: StepContext<string | null>,
  calls: CallRecord[],
): Promise<Progress> {
  const startedAt = context.now();
  const undone = await step.undo?.(context);
  const previous = plan.steps[plan.steps.indexOf(step) - 1];
  const again = previous === undefined && beginsAgain(context.run);
  const end = again ? 'queued' : 'cancelled';
  const state = previous === undefined ? end : stateOnWayTo(previous, step);
  return {
    end: {
      attempt: { outcome: 'succeeded', startedAt, calls },
      step: { name: step.name, state: 'undone' },
      run: { state, step: previous?.name ?? null, attempts: 0 },
      sharesCustomer: previous?.sharesCustomer,
      error: null,
      intent: previous === undefined ? null : undone?.intent,
    },
    write: again
      ? async (tx) => {
          const events = (await undone?.commit?.(tx)) ?? [];
          await beginAgain(tx, context.run.id);
          return events;
        }
      : undone?.commit,
  };
}

/** A run that left the customer to others goes back to the queue: the claim takes the slot again, once it is free. */
const stateOnWayTo = (next: AnyStep, from: AnyStep): 'running' | 'queued' =>
  from.sharesCustomer === true && next.sharesCustomer !== true ? 'queued' : 'running';

/** The steps after `step` that have nothing to do, and the first that has. */
function findNext(plan: AnyPlan, step: AnyStep, intent: Intent | null) {
  const skipped: string[] = [];
  for (const candidate of plan.steps.slice(plan.steps.indexOf(step) + 1)) {
    if (candidate.isNeeded?.(intent) ?? true) return { next: candidate, skipped };
    skipped.push(candidate.name);
  }
  return { next: undefined, skipped };
}

/** What the run remembers once `progress` is committed. */
export function rememberProgress(run: HeldRun, { end }: Progress, standing: Standing): void {
  if (end.step.output !== undefined) run.outputs.set(end.step.name, end.step.output);
  run.intent = standing.intent;
  run.view.input = standing.input;
  run.deadlineAt = standing.deadlineAt;
  run.cancelRequested = standing.cancelRequested;
  run.isPaused = standing.isPaused;
  run.attempts = end.run.attempts;
}
