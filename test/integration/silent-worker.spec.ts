import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { migrateQueue, type WakeUp, WakeUps } from '@app/queue';
import { TcpProxy } from '../chaos/rig/tcp-proxy.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { type Deliver, Inbox, startQueueProcess } from '../test-queue.js';

describe.each(['redis', 'postgres'] as const)('a worker whose network to the queue on %s goes silent', (backend) => {
  let test: TestDatabase;
  let redis: RedisServer | undefined;
  let proxy: TcpProxy;
  let producer: INestApplicationContext;
  let consumer: INestApplicationContext;
  beforeEach(async () => {
    test = await createTestDatabase();
    await migrateQueue(test.url);
    if (backend === 'redis') redis = await startRedis();
  });
  afterEach(async () => {
    await proxy.stop();
    await producer.close();
    await redis?.stop();
    await test.close();
  });

  const wakeUp = (): WakeUp => ({
    runId: randomUUID(),
    fence: 1,
    requestId: 'r',
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  });

  /** A consumer behind a proxy, and a producer that is not. */
  async function start(deliver: Deliver): Promise<void> {
    proxy = await TcpProxy.startBefore(redis?.url ?? test.url);
    const url = proxy.lead(redis?.url ?? test.url);
    producer = await startQueueProcess({ databaseUrl: test.url, redisUrl: redis?.url, role: 'producer' });
    const behindIt = redis === undefined ? { databaseUrl: url } : { databaseUrl: test.url, redisUrl: url };
    consumer = await startQueueProcess({ ...behindIt, role: 'consumer', deliver });
  }

  it('takes wake-ups again once the network is back', async () => {
    const inbox = new Inbox();
    await start(inbox.deliver);
    const send = async (): Promise<string> => {
      const sent = wakeUp();
      await producer.get(WakeUps).send(sent);
      return sent.runId;
    };
    const seen = new Set<string>();
    /** The next job but for those that come again: their worker heard no answer. */
    const taken = async (): Promise<string> => {
      const { runId } = (await inbox.next()).data as { runId: string };
      if (seen.has(runId)) return taken();
      seen.add(runId);
      return runId;
    };
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
  }, 90_000);
});
