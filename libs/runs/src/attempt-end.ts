import type { AttemptOutcome, RunState, StepState } from '@app/platform';
import type { CallRecord, RunError } from './run-error.js';
import type { Intent } from './step.js';

/** How one attempt of a step ended, and where that leaves the step and its run. */
export interface AttemptEnd {
  attempt: { outcome: AttemptOutcome; startedAt: Date; calls: readonly CallRecord[] };
  step: { name: string; state: StepState; output?: unknown };
  run: { state: RunState; step: string | null; attempts: number };
  /** Whether the run leaves the customer to other runs from here on. */
  sharesCustomer?: true | undefined;
  /** Time that the run has from here at least. */
  wallClockMs?: number | undefined;
  /** Steps that have nothing to do in this run. */
  skipped?: readonly string[];
  error: RunError | null;
  /** By the database's clock; only with the state `waiting`. */
  waitUntil?: Date;
  /** Absent: the intent stays as it is. */
  intent?: Intent | null;
}
