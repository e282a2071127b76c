import { performance } from 'node:perf_hooks';
import { LeaseLost } from './step-failure.js';

/** Part of the lease that must remain beyond the call it covers, at least. */
const MARGIN = 0.05;

/** Parts of the lease after which it is renewed, and after which a renewal that failed is tried again. */
const RENEW_AFTER = 1 / 3;
const RETRY_AFTER = 1 / 12;

/** This process's hold on a run: renewed in the background, measured by the machine's steady clock from before the claim was sent. */
export class Lease {
  readonly #lost = new AbortController();
  #expiresAt = 0;
  #renewal: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #released = false;
  #renewalError: unknown;

  /** `askedAt` is `performance.now()` from before the claim; `renew` prolongs the row's lease and tells whether it was still ours. */
  constructor(
    private readonly runId: string,
    private readonly leaseMs: number,
    askedAt: number,
    private readonly renew: () => Promise<boolean>,
  ) {
    this.#extend(askedAt);
    this.#scheduleRenewal(RENEW_AFTER);
  }

  /** Aborted with a LeaseLost as its reason once the run is, or may be, somebody else's. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws LeaseLost unless the lease outlasts a call of up to `callMs` with a margin. */
  guard(callMs: number): void {
    this.#lost.signal.throwIfAborted();
    if (!this.outlasts(callMs)) throw new LeaseLost('too-short', this.runId);
  }

  /** Whether the lease, as it was last granted, outlasts the next `ms` with a margin. */
  outlasts(ms: number): boolean {
    return this.#expiresAt - performance.now() >= ms + this.leaseMs * MARGIN;
  }

  /** Lets go of the run before the lease ends, because this process stops: what is under way is aborted. */
  abandon(): void {
    if (!this.#released) this.#lose('stopping');
  }

  /** Ends the renewals, one that is under way included. */
  release(): void {
    this.#released = true;
    clearTimeout(this.#renewal);
    clearTimeout(this.#expiry);
  }

  /** A database that never answers must not keep a call in flight alive: the end of the lease has a timer of its own. */
  #extend(askedAt: number): void {
    this.#expiresAt = askedAt + this.leaseMs;
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#lose('expired'), Math.max(0, this.#expiresAt - performance.now()));
    this.#expiry.unref();
  }

  #scheduleRenewal(part: number): void {
    this.#renewal = setTimeout(() => void this.#renewNow(), this.leaseMs * part);
    this.#renewal.unref();
  }

  async #renewNow(): Promise<void> {
    const askedAt = performance.now();
    try {
      const isOurs = await this.renew();
      if (this.#released || this.#lost.signal.aborted) return;
      if (!isOurs) return this.#lose('taken');
      this.#renewalError = undefined;
      this.#extend(askedAt);
      this.#scheduleRenewal(RENEW_AFTER);
    } catch (error) {
      // The database did not answer: the lease lasts as long as it was last granted.
      this.#renewalError = error;
      if (!this.#released && !this.#lost.signal.aborted) this.#scheduleRenewal(RETRY_AFTER);
    }
  }

  #lose(reason: 'taken' | 'expired' | 'stopping'): void {
    this.release();
    this.#lost.abort(new LeaseLost(reason, this.runId, { cause: this.#renewalError }));
  }
}
