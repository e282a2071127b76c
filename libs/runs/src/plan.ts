import type { RunState, Sql } from '@app/platform';
import type { RunError } from './run-error.js';
import type { RunEvent } from './run-event.js';
import type { RunView, Step } from './step.js';
import type { Failure } from './step-failure.js';

/** The changes of a run's state that its plan may have to answer for in its own tables. */
export type RunOutcome = Extract<RunState, 'succeeded' | 'failed' | 'needs_attention' | 'cancelled'>;

/** An ordered list of steps, and what it means for the business when a run of it ends. `CustomerId` is null where its runs have no customer. */
export interface Plan<CustomerId extends string | null = string> {
  readonly name: string;
  /** Says of a plan that its runs have no customer: its steps are made for that. */
  readonly withoutCustomer?: true;
  readonly steps: readonly Step<unknown, CustomerId>[];
  /** What an error thrown by a step means, or undefined when it is none that the plan knows. */
  explain(error: unknown): Failure | undefined;
  /** Writes what the end of a run means, in the transaction that ends it, and returns what is to be audited with it. */
  onEnd(tx: Sql, run: RunView<CustomerId>, outcome: RunOutcome, error: RunError | null): Promise<readonly RunEvent[]>;
}

/** A plan of either kind. Its steps trust that their runs are of that kind: `PlanRegistry.getPlanOf` sees to it. */
export type AnyPlan = Plan<string | null>;

/** A step of a plan of either kind. */
export type AnyStep = Step<unknown, string | null>;
