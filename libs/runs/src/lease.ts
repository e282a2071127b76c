import { performance } from 'node:perf_hooks';
import { LeaseLost } from './step-failure.js';

/** Part of the lease that must remain beyond the call it covers, at least. */
const MARGIN = 0.05;

/** This process's hold on a run: renewed in the background, measured by the machine's steady clock from before the claim was sent. */
export class Lease {
  readonly #lost = new AbortController();
  #expiresAt: number;
  #timer: NodeJS.Timeout | undefined;

  /** `askedAt` is `performance.now()` from before the claim; `renew` prolongs the row's lease and tells whether it was still ours. */
  constructor(
    private readonly runId: string,
    private readonly leaseMs: number,
    askedAt: number,
    private readonly renew: () => Promise<boolean>,
  ) {
    this.#expiresAt = askedAt + leaseMs;
    this.#scheduleRenewal();
  }

  /** Aborted with a LeaseLost as its reason once the run is, or may be, somebody else's. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws LeaseLost unless the lease outlasts a call of up to `callMs` with a margin. */
  guard(callMs: number): void {
    this.#lost.signal.throwIfAborted();
    if (this.#expiresAt - performance.now() < callMs + this.leaseMs * MARGIN)
      throw new LeaseLost('too-short', this.runId);
  }

  /** Ends the renewals. */
  release(): void {
    clearTimeout(this.#timer);
  }

  #scheduleRenewal(): void {
    this.#timer = setTimeout(() => void this.#renewNow(), this.leaseMs / 3);
    this.#timer.unref();
  }

  async #renewNow(): Promise<void> {
    const askedAt = performance.now();
    try {
      if (!(await this.renew())) return this.#lose('taken');
      this.#expiresAt = askedAt + this.leaseMs;
    } catch (error) {
      // The database did not answer: the lease lasts as long as it was last granted.
      if (performance.now() >= this.#expiresAt) return this.#lose('expired', error);
    }
    if (!this.#lost.signal.aborted) this.#scheduleRenewal();
  }

  #lose(reason: 'taken' | 'expired', cause?: unknown): void {
    const error = new LeaseLost(reason, this.runId);
    error.cause = cause;
    this.#lost.abort(error);
  }
}
