/** How often a step is tried and how long the pauses between tries are. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  maxAttempts: number;
  /** The longest pause before the second try; each further one may be twice as long. */
  baseMs: number;
  /** No pause is longer. */
  maxMs: number;
}

/** Keeps the bound a finite number, however often a step has failed. */
const MOST_DOUBLINGS = 32;

/** The pause after `attempts` failed tries: full jitter, from 0 to the exponential bound (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
export function backoffMs(policy: RetryPolicy, attempts: number, random: () => number): number {
  const doublings = Math.min(Math.max(0, attempts - 1), MOST_DOUBLINGS);
  const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** doublings);
  return Math.round(random() * bound);
}
