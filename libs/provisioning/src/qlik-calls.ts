import type { CallContext } from '@app/qlik';
import type { StepContext } from '@app/runs';

/** Lets a step's calls end with its lease, and notes them for its attempt. */
export function callsOf(context: StepContext<string | null>): CallContext {
  return { signal: context.signal, onCall: (call) => context.record({ ...call }) };
}
