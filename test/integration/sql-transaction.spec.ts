import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Prisma, type Sql } from '@app/platform';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

const write = (tx: Sql, name: string) =>
  tx.$executeRaw`INSERT INTO installation_settings (name, value) VALUES (${name}, '')`;
const isWritten = async (name: string) =>
  (await test.database.client.installationSetting.count({ where: { name } })) === 1;

describe('a transaction of plain SQL', () => {
  it('is committed as a whole, and gives what its work gives', async () => {
    expect(await test.database.sqlTransaction((tx) => write(tx, 'kept'))).toBe(1);
    expect(await isWritten('kept')).toBe(true);
  });

  it('is rolled back when its work fails', async () => {
    const work = async (tx: Sql) => {
      await write(tx, 'undone');
      throw new Error('no');
    };
    await expect(test.database.sqlTransaction(work)).rejects.toThrow('no');
    expect(await isWritten('undone')).toBe(false);
  });

  it('rejects when a statement failed, though its work went on', async () => {
    const work = async (tx: Sql) => {
      await write(tx, 'lost');
      await tx.$queryRaw`SELECT 1 / 0`.catch(() => undefined);
    };
    await expect(test.database.sqlTransaction(work)).rejects.toThrow('was rolled back');
    expect(await isWritten('lost')).toBe(false);
  });

  it('rejects when its connection is lost, and the next one works', async () => {
    const work = async (tx: Sql) => {
      const [own] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
      await test.database.client.$queryRaw`SELECT pg_terminate_backend(${own?.pid}::int)`;
      await write(tx, 'nowhere');
    };
    await expect(test.database.sqlTransaction(work)).rejects.toThrow();
    expect(await test.database.sqlTransaction((tx) => write(tx, 'after'))).toBe(1);
  });

  it('is ended by PostgreSQL when its process falls silent, lest its rows stay locked', async () => {
    const show = (tx: Sql) => tx.$queryRaw`SHOW idle_in_transaction_session_timeout`;
    expect(await test.database.sqlTransaction(show)).toEqual([{ idle_in_transaction_session_timeout: '10s' }]);
  });

  it('takes nested fragments, lists, instants and JSON', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const columns = Prisma.sql`${at.toISOString()}::timestamptz AS at, ${['a', 'b']}::text[] AS list`;
    const rows = await test.database.sql
      .$queryRaw`SELECT ${columns}, ${JSON.stringify({ x: [1] })}::jsonb AS json, ${true}::boolean AS yes`;
    expect(rows).toEqual([{ at, list: ['a', 'b'], json: { x: [1] }, yes: true }]);
  });
});
