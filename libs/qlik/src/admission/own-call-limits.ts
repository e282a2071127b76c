import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type CallLimits, type CallsPerMinute, WINDOW_SECONDS } from './call-limits.js';
import { OwnPauses } from './own-pauses.js';
import type { RateTier } from './rate-tier.js';
import { takePoint } from './take-point.js';

/** Call limits of this process alone. */
export class OwnCallLimits implements CallLimits {
  /** The pauses this process was told of. */
  readonly pauses = new OwnPauses();
  readonly #counts: Record<Exclude<RateTier, 'token'>, RateLimiterMemory>;

  constructor({ read, write }: CallsPerMinute) {
    this.#counts = {
      read: new RateLimiterMemory({ keyPrefix: 'read', points: read, duration: WINDOW_SECONDS }),
      write: new RateLimiterMemory({ keyPrefix: 'write', points: write, duration: WINDOW_SECONDS }),
    };
  }

  async take(host: string, tier: RateTier): Promise<number> {
    const pausedMs = this.pauses.remainingMs(host, tier);
    if (pausedMs > 0 || tier === 'token') return pausedMs;
    return takePoint(this.#counts[tier], host);
  }

  pause(host: string, tier: RateTier, ms: number): Promise<void> {
    this.pauses.add(host, tier, ms);
    return Promise.resolve();
  }
}
