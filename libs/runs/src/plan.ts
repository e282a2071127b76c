import type { RunState, Sql } from '@app/platform';
import type { RunError } from './run-error.js';
import type { RunEvent } from './run-event.js';
import type { RunView, Step } from './step.js';
import type { Failure } from './step-failure.js';

/** The changes of a run's state that its plan may have to answer for in its own tables. */
export type RunOutcome = Extract<RunState, 'succeeded' | 'failed' | 'needs_attention' | 'cancelled'>;

/** An ordered list of steps, and what it means for the business when a run of it ends. */
export interface Plan {
  readonly name: string;
  readonly steps: readonly Step[];
  /** What an error thrown by a step means, or undefined when it is none that the plan knows. */
  explain(error: unknown): Failure | undefined;
  /** Writes what the end of a run means, in the transaction that ends it, and returns what is to be audited with it. */
  onEnd(tx: Sql, run: RunView, outcome: RunOutcome, error: RunError | null): Promise<readonly RunEvent[]>;
}
