import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { type CallLimits, type CallsPerMinute, WINDOW_SECONDS } from './call-limits.js';
import type { RateTier } from './rate-tier.js';

/** Call limits on a store of rate-limiter-flexible's: a key that has more calls than it may is paused until it expires. */
export class CountedCallLimits implements CallLimits {
  private constructor(private readonly limiters: Record<RateTier, RateLimiterAbstract>) {}

  /** Of this process alone. */
  static inMemory(perMinute: CallsPerMinute): CountedCallLimits {
    return new CountedCallLimits(eachTier(perMinute, (options) => new RateLimiterMemory(options)));
  }

  /** Of all processes on this Redis, whose clock counts. Rejects at once while the connection is lost. */
  static onRedis(redis: Redis, perMinute: CallsPerMinute): CountedCallLimits {
    const store = { storeClient: redis, rejectIfRedisNotReady: true };
    return new CountedCallLimits(eachTier(perMinute, (options) => new RateLimiterRedis({ ...options, ...store })));
  }

  async take(host: string, tier: RateTier): Promise<number> {
    if (tier === 'token') return this.#remainingMs(host, tier);
    try {
      await this.limiters[tier].consume(host);
      return 0;
    } catch (error) {
      if (error instanceof RateLimiterRes) return Math.max(1, error.msBeforeNext);
      throw error;
    }
  }

  async pause(host: string, tier: RateTier, ms: number): Promise<void> {
    if ((await this.#remainingMs(host, tier)) >= ms) return;
    // Whole seconds: Redis' store cuts fractions off, and takes what is left of less than one for a pause without end.
    await this.limiters[tier].block(host, Math.ceil(ms / 1000));
  }

  async #remainingMs(host: string, tier: RateTier): Promise<number> {
    const limiter = this.limiters[tier];
    const seen = await limiter.get(host);
    return seen === null || seen.consumedPoints <= limiter.points ? 0 : Math.max(1, seen.msBeforeNext);
  }
}

interface LimiterOptions {
  keyPrefix: string;
  points: number;
  duration: number;
}

function eachTier(
  perMinute: CallsPerMinute,
  make: (options: LimiterOptions) => RateLimiterAbstract,
): Record<RateTier, RateLimiterAbstract> {
  const limiter = (tier: RateTier, points: number) =>
    make({ keyPrefix: `tp:qlik-calls:${tier}`, points, duration: WINDOW_SECONDS });
  // Tokens are not counted: their key exists only while they are paused.
  return {
    read: limiter('read', perMinute.read),
    write: limiter('write', perMinute.write),
    token: limiter('token', 1),
  };
}
