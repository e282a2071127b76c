import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Database } from '@app/platform';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  const [row] = await test.database.client.$queryRaw<{ name: string }[]>`SELECT current_database() AS name`;
  await test.database.client.$executeRawUnsafe(`ALTER DATABASE ${row?.name} SET timezone = 'Asia/Tokyo'`);
  database = new Database({ url: test.url, maxConnections: 2 });
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await test.close();
});

it('instants survive a database whose own time zone is not UTC', async () => {
  const instant = new Date('2026-01-02T03:04:05.678Z');
  await database.client.installationSetting.create({ data: { name: 'instant', value: '', createdAt: instant } });
  const { createdAt } = await database.client.installationSetting.findUniqueOrThrow({ where: { name: 'instant' } });
  expect(createdAt).toEqual(instant);
  const [raw] = await database.client.$queryRaw<{ seconds: number; at: Date }[]>`
    SELECT extract(epoch FROM created_at)::float8 AS seconds, created_at AS at FROM installation_settings WHERE name = 'instant'`;
  expect(raw).toEqual({ seconds: instant.getTime() / 1000, at: instant });
});
