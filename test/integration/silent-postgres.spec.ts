import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database, openConnectionPool, type Secret, type Sql } from '@app/platform';
import { TcpProxy } from '../chaos/rig/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const ANSWER_WITHIN_MS = 300;

let test: TestDatabase;
let proxy: TcpProxy;
let url: Secret;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

beforeEach(async () => {
  proxy = await TcpProxy.startBefore(test.url);
  url = proxy.lead(test.url);
});
afterEach(() => proxy.stop());

// What is sent into such a connection is never answered, and never refused either.
describe('a connection that goes silent', () => {
  it.each(['transaction', 'sqlTransaction'] as const)('in a %s is not given to who comes next', async (kind) => {
    const database = new Database({ url, maxConnections: 1, answerWithinMs: ANSWER_WITHIN_MS });
    const work = async (tx: Sql): Promise<unknown> => {
      await tx.$queryRaw`SELECT 1`;
      proxy.goSilent();
      return tx.$queryRaw`SELECT 1`;
    };
    await expect(database[kind](work)).rejects.toThrow();
    proxy.recover();
    expect(await database.client.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
    await database.onApplicationShutdown();
  });

  it('is told to who keeps it for what comes, as BullMQ keeps one to listen', async () => {
    const lost: string[] = [];
    const noteLoss = ({ message }: Error) => void lost.push(message);
    const pool = openConnectionPool({
      url,
      max: 1,
      connectWithinMs: 5_000,
      answerWithinMs: ANSWER_WITHIN_MS,
      noteLoss,
    });
    const listening = await pool.connect();
    proxy.goSilent();
    const told = once(listening, 'error');
    await expect(listening.query('LISTEN jobs')).rejects.toThrow('timeout');
    await told;
    expect(lost).toEqual(['Query read timeout']);
    listening.release(true);
    await pool.end();
  });
});
