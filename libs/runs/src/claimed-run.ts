import type { RunState } from '@app/platform';
import type { CommittedIntent, RunView } from './step.js';

/** A run as it was when this process claimed it. */
export interface ClaimedRun extends RunView<string | null> {
  /** Writes are made under this number only: a later claim, or a change from outside, raises it. */
  readonly fence: number;
  /** The state before the claim: `running` means that the process which held the run vanished. */
  readonly formerState: RunState;
  /** Whether the last that is known of its step is that a process vanished with it. */
  readonly wasLost: boolean;
  readonly step: string;
  readonly attempts: number;
  readonly intent: CommittedIntent | null;
  readonly cancelRequested: boolean;
  readonly traceparent: string | null;
  /** Both by the database's clock. */
  readonly deadlineAt: Date;
  readonly claimedAt: Date;
  /** Of the steps that are done, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}
