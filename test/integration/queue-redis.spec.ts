import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { QueueRedis } from '../../libs/queue/src/queue-redis.js';
import { TcpProxy } from '../chaos/rig/tcp-proxy.js';
import { type RedisServer, startRedis } from '../redis-server.js';

const ANSWER_WITHIN_MS = 15_000;

/** Also where an error comes first, as it does when a connection is reset. */
const hear = (connection: QueueRedis, event: 'ready' | 'reconnecting'): Promise<void> =>
  new Promise((resolve) => void connection.once(event, () => resolve()));

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => void jest.useRealTimers());
afterAll(() => redis.stop());

describe('a connection of the queue to Redis', () => {
  it('is left alone after another one was closed while it owed an answer', async () => {
    const [connection, proxy] = await connect();
    const owed = connection.blpop('nothing', 0);
    const refused = expect(owed).rejects.toThrow();
    proxy.cut();
    await hear(connection, 'reconnecting');
    await refused;
    jest.advanceTimersByTime(1);
    await hear(connection, 'ready');
    const closed = jest.fn();
    connection.on('close', closed);
    jest.advanceTimersByTime(ANSWER_WITHIN_MS);
    await connection.ping();
    expect(closed).not.toHaveBeenCalled();
    await connection.endAll();
    await proxy.stop();
  });

  it('tells that it is lost when it owes an answer for too long', async () => {
    const [connection, proxy] = await connect();
    proxy.goSilent();
    const refused = expect(connection.ping()).rejects.toThrow();
    const lost = connection.whenLost();
    jest.advanceTimersByTime(ANSWER_WITHIN_MS);
    await lost;
    await refused;
    await connection.endAll();
    await proxy.stop();
  });
});

/** By way of a proxy, with all timers in the hand of the test. */
async function connect(): Promise<[QueueRedis, TcpProxy]> {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance', 'Date'] });
  const proxy = await TcpProxy.startBefore(redis.url);
  const connection = new QueueRedis(proxy.lead(redis.url).reveal(), {
    socketTimeout: ANSWER_WITHIN_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 1,
  }).on('error', () => undefined);
  await hear(connection, 'ready');
  return [connection, proxy];
}
