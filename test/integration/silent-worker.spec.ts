import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrateQueue, WakeUps } from '@app/queue';
import { TcpProxy } from '../chaos/rig/tcp-proxy.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { Inbox, makeWakeUp, startQueueProcess } from '../test-queue.js';

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
    const behindIt = redis === undefined ? { databaseUrl: url } : { databaseUrl: test.url, redisUrl: url };
    const consumer = await startQueueProcess({ ...behindIt, role: 'consumer', deliver: inbox.deliver });
    const send = async (): Promise<string> => {
      const sent = makeWakeUp();
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
    await producer.close();
    await proxy.stop();
  }, 90_000);
});
