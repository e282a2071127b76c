import type { Secret } from '@app/platform';
import { Redis } from 'ioredis';

/** A connection, still to be opened, that never makes a call wait for Redis: while it is away every command fails at once, and it is found again when it is back. */
export function makeLimitsRedis(redisUrl: Secret): Redis {
  const redis = new Redis(redisUrl.reveal(), {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    keepAlive: 10_000,
    // A shutdown while Redis is away waits that long for a connection that is gone already.
    disconnectTimeout: 100,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
  });
  // Whoever sends a command hears of the outage.
  redis.on('error', () => undefined);
  return redis;
}

/** Such a connection, open if Redis is there. */
export async function openLimitsRedis(redisUrl: Secret): Promise<Redis> {
  const redis = makeLimitsRedis(redisUrl);
  await redis.connect().catch(() => undefined);
  return redis;
}
