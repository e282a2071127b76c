/** How a state is shown: its word, and the colour that goes with it. */
export interface StateWord {
  label: string;
  color: string;
}

const words: Record<string, StateWord> = {
  pending: { label: 'Pending', color: 'gray' },
  queued: { label: 'Queued', color: 'gray' },
  running: { label: 'Running', color: 'blue' },
  waiting: { label: 'Waiting', color: 'yellow' },
  succeeded: { label: 'Succeeded', color: 'teal' },
  skipped: { label: 'Not needed', color: 'gray' },
  failed: { label: 'Failed', color: 'red' },
  needs_attention: { label: 'Needs attention', color: 'orange' },
  cancelled: { label: 'Cancelled', color: 'gray' },
  undone: { label: 'Undone', color: 'gray' },
  retried: { label: 'Tried again later', color: 'yellow' },
  waited: { label: 'Waited', color: 'yellow' },
  lost: { label: 'Worker lost', color: 'red' },
  onboarding: { label: 'Onboarding', color: 'blue' },
  ready: { label: 'Ready', color: 'teal' },
  degraded: { label: 'Degraded', color: 'orange' },
  offboarding: { label: 'Offboarding', color: 'yellow' },
  offboarded: { label: 'Offboarded', color: 'gray' },
  current: { label: 'Current', color: 'teal' },
  previous: { label: 'Previous', color: 'yellow' },
  revoked: { label: 'Revoked', color: 'gray' },
};

/** The word of a state of a run, step, attempt, customer or secret version. */
export const stateWord = (state: string): StateWord => words[state] ?? { label: state, color: 'gray' };

/** The states of runs, those first that a person looks for. */
export const RUN_STATES = [
  'needs_attention',
  'failed',
  'running',
  'waiting',
  'queued',
  'succeeded',
  'cancelled',
] as const;

/** The states of customers, along their life. */
export const CUSTOMER_STATES = ['onboarding', 'ready', 'degraded', 'failed', 'offboarding', 'offboarded'] as const;
