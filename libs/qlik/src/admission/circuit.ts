import { circuitBreaker, type CircuitBreakerPolicy, CircuitState, handleWhen, type IBreaker } from 'cockatiel';
import { readCallEnd } from './call-end.js';

/** What decides when a circuit opens: told of every failure with the host it came from; `state` is 0 while there is nothing to remember. */
export interface Breaker extends IBreaker {
  state: number;
  noteFailure?(host: string): void;
}

/** Stops calls that are sure to fail: open for a time after too many failures, then one call shows whether to close. */
export class Circuit {
  readonly #policy: CircuitBreakerPolicy;
  #openUntil = 0;
  #underWay = 0;
  #usedAt = 0;

  constructor(
    private readonly breaker: Breaker,
    private readonly openMs: number,
    noteChange: (isOpen: boolean) => void,
  ) {
    this.#policy = circuitBreaker(
      // A trial that was cut short has shown nothing: the circuit stays open for another while.
      handleWhen((error) => {
        const end = readCallEnd(error);
        return end === 'failed' || (end === 'unknown' && this.#policy.state === CircuitState.HalfOpen);
      }),
      { halfOpenAfter: openMs, breaker },
    );
    this.#policy.onBreak(() => {
      this.#openUntil = Date.now() + this.openMs;
      noteChange(true);
    });
    this.#policy.onReset(() => noteChange(false));
  }

  /** Whether there is nothing to remember of it. */
  get isCalm(): boolean {
    return this.#underWay === 0 && this.#policy.state === CircuitState.Closed && this.breaker.state === 0;
  }

  /** Since when nobody has used it, on the clock of `Date.now`; undefined while somebody does. */
  get idleSince(): number | undefined {
    return this.#underWay === 0 ? this.#usedAt : undefined;
  }

  /** Undefined if a call may go; else how long until the next trial, in milliseconds: 0 while there is one under way. */
  get waitMs(): number | undefined {
    if (this.#policy.state === CircuitState.HalfOpen) return 0;
    if (this.#policy.state !== CircuitState.Open) return undefined;
    const remainingMs = this.#openUntil - Date.now();
    return remainingMs > 0 ? remainingMs : undefined;
  }

  /** Makes the call and learns from how it ends; begins it at once, so that nothing comes between a look at `waitMs` and the call. */
  async run<T>(host: string, call: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await this.#policy.execute(async () => {
        try {
          return await call();
        } catch (error) {
          if (readCallEnd(error) === 'failed') this.breaker.noteFailure?.(host);
          throw error;
        }
      });
    } catch (error) {
      // A refusal is an answer too.
      if (readCallEnd(error) === 'answered') this.breaker.success(CircuitState.Closed);
      throw error;
    } finally {
      this.#underWay -= 1;
      this.#usedAt = Date.now();
    }
  }
}
