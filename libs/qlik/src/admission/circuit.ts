import { circuitBreaker, type CircuitBreakerPolicy, CircuitState, handleWhen, type IBreaker } from 'cockatiel';
import { readCallEnd } from './call-end.js';

/** What decides when a circuit opens: told of every failure with the host it came from; `state` is 0 while there is nothing to remember. */
export interface Breaker extends IBreaker {
  state: number;
  noteFailure?(host: string): void;
}

/** How soon another call may try a circuit whose trial has shown nothing, because it asked nobody or was cut short. */
const TRIAL_BACK_MS = 1_000;

/** Stands for the error of a trial that has shown nothing. */
class NothingShown extends Error {
  constructor(readonly error: unknown) {
    super('A trial has shown nothing.');
  }
}

/** Stops calls that are sure to fail: open for a time after too many failures, then one call shows whether to close. */
export class Circuit {
  readonly #policy: CircuitBreakerPolicy;
  #openUntil = 0;
  #underWay = 0;
  #usedAt = 0;

  constructor(
    private readonly breaker: Breaker,
    openMs: number,
    noteChange: (isOpen: boolean) => void,
  ) {
    this.#policy = circuitBreaker(
      handleWhen((error) => error instanceof NothingShown || readCallEnd(error) === 'failed'),
      // `waitMs` says when to try it; cockatiel would go by a clock that people set.
      { halfOpenAfter: Number.NEGATIVE_INFINITY, breaker },
    );
    this.#policy.onBreak((reason) => {
      const isShutAsBefore = 'error' in reason && reason.error instanceof NothingShown;
      this.#openUntil = performance.now() + (isShutAsBefore ? Math.min(TRIAL_BACK_MS, openMs) : openMs);
      if (!isShutAsBefore) noteChange(true);
    });
    this.#policy.onReset(() => noteChange(false));
  }

  /** Whether there is nothing to remember of it. */
  get isCalm(): boolean {
    return this.#underWay === 0 && this.#policy.state === CircuitState.Closed && this.breaker.state === 0;
  }

  /** Since when nobody has used it, on the clock of `performance.now`; undefined while somebody does. */
  get idleSince(): number | undefined {
    return this.#underWay === 0 ? this.#usedAt : undefined;
  }

  /** Undefined if a call may go; else how long until the next trial, in milliseconds: 0 while there is one under way. */
  get waitMs(): number | undefined {
    if (this.#policy.state === CircuitState.HalfOpen) return 0;
    if (this.#policy.state !== CircuitState.Open) return undefined;
    const remainingMs = this.#openUntil - performance.now();
    return remainingMs > 0 ? remainingMs : undefined;
  }

  /** Makes the call, which `waitMs` must let go, and learns from how it ends; begins it at once, so that nothing comes between a look at `waitMs` and the call. */
  async run<T>(host: string, call: () => Promise<T>): Promise<T> {
    const isTrial = this.#policy.state !== CircuitState.Closed;
    this.#underWay += 1;
    try {
      return await this.#policy.execute(async () => {
        try {
          return await call();
        } catch (error) {
          const end = readCallEnd(error);
          if (end === 'failed') this.breaker.noteFailure?.(host);
          throw isTrial && end === 'unknown' ? new NothingShown(error) : error;
        }
      });
    } catch (error) {
      if (error instanceof NothingShown) throw error.error;
      // A refusal is an answer too.
      if (readCallEnd(error) === 'answered') this.breaker.success(CircuitState.Closed);
      throw error;
    } finally {
      this.#underWay -= 1;
      this.#usedAt = performance.now();
    }
  }
}
