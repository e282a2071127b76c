import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { IdempotencyKeyCleaning } from '@app/customers';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let cleaning: IdempotencyKeyCleaning;

beforeAll(async () => {
  test = await createTestDatabase();
  cleaning = new IdempotencyKeyCleaning(test.database);
});
beforeEach(() => test.database.client.idempotencyKey.deleteMany());
afterAll(() => test.close());

/** Keys that expire so many milliseconds from now, or did so if that is negative. */
async function store(keys: readonly string[], expiresInMs: number): Promise<void> {
  const expiresAt = new Date(Date.now() + expiresInMs);
  const rows = keys.map((key) => ({ caller: 'key-1', key, requestHash: 'hash', customerId: null, expiresAt }));
  await test.database.client.idempotencyKey.createMany({ data: rows });
}

const stored = async (): Promise<string[]> =>
  (await test.database.client.idempotencyKey.findMany({ orderBy: { key: 'asc' } })).map(({ key }) => key);

it('forgets the keys that have expired, and no other', async () => {
  await store(['old', 'old batch 1'], -1);
  await store(['young'], 60_000);
  expect(await cleaning.sweep()).toBe(2);
  expect(await stored()).toEqual(['young']);
  expect(await cleaning.sweep()).toBe(0);
});

it('deletes a thousand in one turn, the oldest first', async () => {
  await store(['youngest'], -1_000);
  const many = Array.from({ length: 1_000 }, (_, index) => `old-${index}`);
  await store(many, -60_000);
  expect(await cleaning.sweep()).toBe(1_000);
  expect(await stored()).toEqual(['youngest']);
  expect(await cleaning.sweep()).toBe(1);
});

it('deletes each key once when several workers are at it', async () => {
  await store(['one', 'two', 'three'], -1);
  const counts = await Promise.all([cleaning.sweep(), cleaning.sweep(), cleaning.sweep()]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(3);
  expect(await stored()).toEqual([]);
});

it('neither waits for nor deletes a key that a request is writing anew', async () => {
  await store(['other', 'taken'], -1);
  await test.database.sqlTransaction(async (tx) => {
    await tx.$executeRaw`
      UPDATE idempotency_keys SET expires_at = now() + interval '30 days' WHERE key = ${'taken'}`;
    expect(await cleaning.sweep()).toBe(1);
  });
  expect(await cleaning.sweep()).toBe(0);
  expect(await stored()).toEqual(['taken']);
});
