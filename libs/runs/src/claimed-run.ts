import type { RunState, StepState } from '@app/platform';
import type { CommittedIntent, RunView } from './step.js';

/** A step's row, as far as the runner needs it. */
export interface StepRow {
  name: string;
  state: StepState;
  output: unknown;
  attempts: number;
}

/** A run as it was when this process claimed it. */
export interface ClaimedRun extends RunView {
  /** Writes are made under this number only: a later claim, or a change from outside, raises it. */
  readonly fence: number;
  /** The state before the claim: `running` means that the process which held the run vanished. */
  readonly formerState: RunState;
  readonly step: string | null;
  readonly attempts: number;
  readonly intent: CommittedIntent | null;
  readonly cancelRequested: boolean;
  readonly traceparent: string | null;
  /** Both by the database's clock. */
  readonly deadlineAt: Date;
  readonly claimedAt: Date;
  readonly steps: readonly StepRow[];
}
