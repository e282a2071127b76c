import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, Secret } from '@app/platform';
import { openQueuePool } from '../../libs/queue/src/postgres-queue.js';
import { OutageLog } from '../../libs/queue/src/outage-log.js';
import { startDyingPostgres } from '../dying-postgres.js';

let server: Awaited<ReturnType<typeof startDyingPostgres>>;

beforeAll(async () => {
  server = await startDyingPostgres();
});

afterAll(() => server.close());

// What a connection says that nobody listens to yet would end the process, and fails the test.
describe('a connection that ends in the packet that opens it', () => {
  it('is refused to a transaction', async () => {
    const database = new Database({ url: new Secret(server.url), maxConnections: 2 });
    for (let round = 0; round < 5; round += 1) {
      await expect(database.sqlTransaction((tx) => tx.$queryRaw`SELECT 1`)).rejects.toThrow(/connection|terminating/i);
      await expect(database.client.$queryRaw`SELECT 1`).rejects.toThrow(/connection|terminating/i);
    }
    await database.onApplicationShutdown();
  });

  it('is refused to whoever takes it from the queue’s pool', async () => {
    const pool = openQueuePool(new Secret(server.url), 'consumer', 1, new OutageLog());
    const connection = await pool.connect();
    await expect(connection.query('SELECT 1')).rejects.toThrow(/connection|terminating/i);
    connection.release(true);
    await pool.end();
  });
});
