import { createRedisBackend } from 'bullmq';
import type { RedisOptions } from 'ioredis';
import type { Secret } from '@app/platform';
import type { OutageLog } from './outage-log.js';
import type { QueueConnections, QueueRole } from './queue-connections.js';
import { QueueRedis } from './queue-redis.js';

const BOTH: RedisOptions = {
  keepAlive: 10_000,
  connectTimeout: 1_000,
  // A worker's longest wait is ten seconds: a connection that owes an answer for longer has gone silent, and would take whatever is sent.
  socketTimeout: 15_000,
  retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
};

/** Opens the queue's connections to Redis. Redis may be away: a process starts without it, and connects when it comes back. */
export async function openRedisQueue(redisUrl: Secret, role: QueueRole, outages: OutageLog): Promise<QueueConnections> {
  const open = (options: RedisOptions) =>
    new QueueRedis(redisUrl.reveal(), { ...BOTH, ...options }).on('error', outages.note);
  const producer = open({ enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true });
  const consumer = role === 'consumer' ? open({ maxRetriesPerRequest: null }) : undefined;
  await producer.connect().catch(outages.note);
  return {
    backend: 'redis',
    factory: createRedisBackend,
    producer,
    consumer,
    whenLost: () =>
      Promise.race([producer, ...(consumer === undefined ? [] : [consumer])].map((one) => one.whenLost())),
    close: async () => {
      await Promise.all([producer.endAll(), consumer?.endAll()]);
    },
  };
}
