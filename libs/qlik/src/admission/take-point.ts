import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';

/** Takes one of the host's points: 0 if there was one left, else how long until there is, in milliseconds. Rejects as the limiter's store does. */
export async function takePoint(limiter: RateLimiterAbstract, host: string): Promise<number> {
  try {
    await limiter.consume(host);
    return 0;
  } catch (error) {
    if (error instanceof RateLimiterRes) return Math.max(1, error.msBeforeNext);
    throw error;
  }
}
