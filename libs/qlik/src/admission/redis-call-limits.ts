import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { type CallLimits, type CallsPerMinute, WINDOW_SECONDS } from './call-limits.js';
import type { RateTier } from './rate-tier.js';
import { takePoint } from './take-point.js';

/** One command, so that of pauses that come at the same time the longest is left. */
const PAUSE = `
  local used, most, ms = tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]), tonumber(ARGV[2])
  if used <= most or redis.call('PTTL', KEYS[1]) < ms then
    redis.call('SET', KEYS[1], most + 1, 'PX', ms)
  end`;

/** Call limits of all processes on this Redis, by its clock. A key that has more calls than it may is paused until it expires. Rejects at once while the connection is lost. */
export class RedisCallLimits implements CallLimits {
  readonly #counts: Record<RateTier, RateLimiterRedis>;

  constructor(
    private readonly redis: Redis,
    perMinute: CallsPerMinute,
  ) {
    const count = (tier: RateTier, points: number) =>
      new RateLimiterRedis({
        keyPrefix: `tp:qlik-calls:${tier}`,
        points,
        duration: WINDOW_SECONDS,
        storeClient: redis,
        rejectIfRedisNotReady: true,
      });
    // Tokens are not counted: their key exists only while they are paused.
    this.#counts = {
      read: count('read', perMinute.read),
      write: count('write', perMinute.write),
      token: count('token', 1),
    };
  }

  take(host: string, tier: RateTier): Promise<number> {
    return tier === 'token' ? this.#remainingMs(host, tier) : takePoint(this.#counts[tier], host);
  }

  async pause(host: string, tier: RateTier, ms: number): Promise<void> {
    const count = this.#counts[tier];
    await this.redis.eval(PAUSE, 1, count.getKey(host), count.points, Math.max(1, Math.ceil(ms)));
  }

  async #remainingMs(host: string, tier: RateTier): Promise<number> {
    const count = this.#counts[tier];
    const seen = await count.get(host);
    return seen === null || seen.consumedPoints <= count.points ? 0 : Math.max(1, seen.msBeforeNext);
  }
}
