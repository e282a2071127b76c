import { describe, expect, it } from '@jest/globals';
import type { RunState } from '@app/platform';
import {
  assertRunTransition,
  CANCELLABLE_STATES,
  RETRYABLE_STATES,
  RUN_TRANSITIONS,
  SLOT_HOLDING_STATES,
} from './run-states.js';

/** Row: from; column: to; `x` where it may go. */
const STATES = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'needs_attention', 'cancelled'] as const;
const TABLE: Record<RunState, string> = {
  queued: '.x....x',
  running: 'xxxxxxx',
  waiting: 'xx....x',
  succeeded: '.......',
  failed: 'x.....x',
  needs_attention: 'x.....x',
  cancelled: 'x......',
};

describe('the life cycle of a run', () => {
  const pairs = STATES.flatMap((from) =>
    STATES.map((to, column) => ({ from, to, allowed: TABLE[from][column] === 'x' })),
  );

  it.each(pairs)('from $from to $to: $allowed', ({ from, to, allowed }) => {
    const change = () => assertRunTransition(from, to);
    if (allowed) expect(change).not.toThrow();
    else expect(change).toThrow(`A run cannot go from "${from}" to "${to}".`);
  });

  it('knows every state', () => {
    expect(Object.keys(RUN_TRANSITIONS).sort()).toEqual([...STATES].sort());
  });

  it('can be started again from wherever it stopped short of success', () => {
    const stopped = STATES.filter((state) => !RUN_TRANSITIONS[state].includes('running') && state !== 'succeeded');
    expect([...RETRYABLE_STATES].sort()).toEqual(stopped.sort());
  });

  it('keeps others out in every state in which it can still be cancelled', () => {
    expect([...SLOT_HOLDING_STATES].sort()).toEqual([...CANCELLABLE_STATES].sort());
  });
});
