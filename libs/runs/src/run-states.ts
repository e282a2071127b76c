import type { RunState } from '@app/platform';

/** Which state may follow which. A run ends in `succeeded`, `failed`, `needs_attention` or `cancelled`; all but the first can be queued again by a person. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  // cancelled, other than from running: another run took its place.
  queued: ['running', 'cancelled'],
  running: ['running', 'queued', 'waiting', 'succeeded', 'failed', 'needs_attention', 'cancelled'],
  waiting: ['running', 'queued', 'cancelled'],
  succeeded: [],
  failed: ['queued', 'cancelled'],
  needs_attention: ['queued', 'cancelled'],
  cancelled: ['queued'],
};

/** The states in which a run stopped short of its end: only a person, or a new request, has it go on. */
const STOPPED_STATES: readonly RunState[] = ['failed', 'needs_attention'];

/** Whether a run stopped short of its end. */
export const hasStopped = ({ state }: { state: RunState }): boolean => STOPPED_STATES.includes(state);

/** The states in which a run ended without having done what it was told. */
export const ENDED_SHORT_STATES: readonly RunState[] = [...STOPPED_STATES, 'cancelled'];

/** The states in which a run goes on by itself, unless a pause holds it. */
export const OPEN_STATES: readonly RunState[] = ['queued', 'running', 'waiting'];

/** The states of a run whose work is not done: also those in which it stopped. */
export const UNFINISHED_STATES: readonly RunState[] = [...OPEN_STATES, ...STOPPED_STATES];

/** The states from which a person may start a run again. */
export const RETRYABLE_STATES: readonly RunState[] = ['failed', 'needs_attention', 'cancelled'];

/** The states in which a run can still be told to stop. */
export const CANCELLABLE_STATES: readonly RunState[] = ['queued', 'running', 'waiting', 'needs_attention'];

/** The states in which a run keeps other changing runs of its customer out. */
export const SLOT_HOLDING_STATES: readonly RunState[] = ['queued', 'running', 'waiting', 'needs_attention'];

/** Throws when `to` may not follow `from`: a mistake of ours, never of a caller. */
export function assertRunTransition(from: RunState, to: RunState): void {
  if (!RUN_TRANSITIONS[from].includes(to)) throw new Error(`A run cannot go from "${from}" to "${to}".`);
}
