import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionOptions } from 'bullmq';
import { openConnectionPool } from '@app/platform';
import { migrateQueue, RUNS_QUEUE } from '@app/queue';
import { createListeningBackend } from '../../libs/queue/src/listening-backend.js';
import { QUEUE_SCHEMA } from '../../libs/queue/src/postgres-queue.js';
import { TcpProxy } from '../chaos/rig/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const AN_HOUR_S = 3_600;

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await migrateQueue(test.url);
});
afterAll(() => test.close());

describe('a worker that listens on PostgreSQL', () => {
  // As it waits while a rotation waits its grace out.
  it('does not wait longer for a wake-up that is far away than it may be deaf, and finds out whether it is', async () => {
    const proxy = await TcpProxy.startBefore(test.url);
    const pool = openConnectionPool({
      url: proxy.lead(test.url),
      max: 3,
      connectWithinMs: 5_000,
      answerWithinMs: 300,
      sessionOptions: `-c search_path=${QUEUE_SCHEMA}`,
      noteLoss: () => undefined,
    });
    const connection = pool as unknown as ConnectionOptions;
    const backend = createListeningBackend(RUNS_QUEUE, { connection }, { withBlockingConnection: true });
    backend.on('error', () => undefined);
    expect(await backend.waitForJob(AN_HOUR_S)).toBeNull();
    proxy.goSilent();
    const removed = once(pool, 'remove');
    await expect(backend.waitForJob(AN_HOUR_S)).rejects.toThrow('timeout');
    await removed;
    proxy.recover();
    const heard = backend.waitForJob(AN_HOUR_S);
    let isOver = false;
    const over = () => void (isOver = true);
    heard.then(over, over);
    // From when on it listens cannot be seen from here.
    while (!isOver) await test.database.sql.$executeRaw`SELECT pg_notify('bullmq_jobs', ${RUNS_QUEUE})`;
    expect(await heard).toEqual({ member: RUNS_QUEUE, score: 0 });
    await backend.close();
    await pool.end();
    await proxy.stop();
  });
});
