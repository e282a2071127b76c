import type { RunError } from './run-error.js';

/** What becomes of an attempt that did not succeed. */
export type Failure =
  /** Try again by the step's retry policy, in `notBeforeMs` at the earliest; once that is spent, end as `exhausted` says. */
  | { kind: 'retry'; error: RunError; exhausted: 'failed' | 'needs_attention'; notBeforeMs?: number }
  /** Not an attempt: come back at `until` (database clock). */
  | { kind: 'wait-until'; error: RunError | null; until: Date }
  /** Not an attempt: come back in `forMs`. */
  | { kind: 'wait-for'; error: RunError | null; forMs: number }
  /** A person must change something first. */
  | { kind: 'attention'; error: RunError };

/** Thrown by a step that knows what should become of its attempt. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';

  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.error?.message ?? 'The step waits.', options);
  }
}

/** A person must mend something: ends the run in `needs_attention`. */
export function needsAttention(error: RunError, cause?: unknown): StepFailure {
  return new StepFailure({ kind: 'attention', error }, { cause });
}

/** The step comes back at `until`, by the database's clock. */
export function waitUntil(until: Date, error: RunError | null = null): StepFailure {
  return new StepFailure({ kind: 'wait-until', error, until });
}

/** Why a hold on a run is of no use any more. */
const REASONS = {
  taken: 'is taken',
  expired: 'is expired',
  'too-short': 'is too short for the call',
  stopping: 'is given back, as this process stops',
  'told-anew': 'is from before the run was told anew what to do, and must not stop it',
} as const;

/** The hold on a run is of no use any more: the run is somebody else's now, waits a moment, or goes back to the queue. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor(
    readonly reason: keyof typeof REASONS,
    runId: string,
    options?: ErrorOptions,
  ) {
    super(`The lease on run "${runId}" ${REASONS[reason]}.`, options);
  }
}
