import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrateQueue, WakeUps } from '@app/queue';
import { TcpProxy } from '../chaos/rig/tcp-proxy.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { Inbox, startQueueProcess } from '../test-queue.js';

const AN_HOUR_MS = 3_600_000;

describe.each(['redis', 'postgres'] as const)('a worker whose network to the queue on %s goes silent', (backend) => {
  let test: TestDatabase;
  let redis: RedisServer | undefined;
  beforeEach(async () => {
    test = await createTestDatabase();
    await migrateQueue(test.url);
    if (backend === 'redis') redis = await startRedis();
  });
  afterEach(async () => {
    await redis?.stop();
    await test.close();
  });

  it('takes wake-ups again once the network is back', async () => {
    const inbox = new Inbox();
    const proxy = await TcpProxy.startBefore(redis?.url ?? test.url);
    const url = proxy.lead(redis?.url ?? test.url);
    const producer = await startQueueProcess({ databaseUrl: test.url, redisUrl: redis?.url, role: 'producer' });
    const consumer = await startQueueProcess({
      ...(redis === undefined ? { databaseUrl: url } : { databaseUrl: test.url, redisUrl: url }),
      role: 'consumer',
      deliver: inbox.deliver,
    });
    const send = async (options = {}): Promise<string> => {
      const runId = randomUUID();
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      await producer.get(WakeUps).send({ runId, fence: 1, requestId: 'r', traceparent }, options);
      return runId;
    };
    const seen = new Set<string>();
    /** The next job but for those that come again: their worker heard no answer. */
    const taken = async (): Promise<string> => {
      const { runId } = (await inbox.next()).data as { runId: string };
      if (seen.has(runId)) return taken();
      seen.add(runId);
      return runId;
    };
    // Of a run that waits a grace out: BullMQ sleeps until the next wake-up it knows of.
    await send({ delayMs: AN_HOUR_MS });
    const first = await send();
    expect(await taken()).toBe(first);
    proxy.goSilent();
    await proxy.whenLost();
    proxy.recover();
    const second = await send();
    expect(await taken()).toBe(second);
    const third = await send();
    expect(await taken()).toBe(third);
    await consumer.close();
    await producer.close();
    await proxy.stop();
  }, 150_000);
});
