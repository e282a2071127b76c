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

const SAID = {
  taken: 'taken',
  expired: 'expired',
  'too-short': 'too short for the call',
  stopping: 'given back, as this process stops',
};

/** The lease ended, would end before the call could, or is given back by a process that stops: the run is somebody else's now, or waits a moment. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor(
    readonly reason: 'taken' | 'expired' | 'too-short' | 'stopping',
    runId: string,
    options?: ErrorOptions,
  ) {
    super(`The lease on run "${runId}" is ${SAID[reason]}.`, options);
  }
}
