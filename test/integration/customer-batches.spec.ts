import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BatchItem, CustomerBatchesService } from '@app/customers';
import { Database, DomainError, type Sql } from '@app/platform';
import { CustomersRepository } from '../../libs/customers/src/customers.repository.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { customersOn } from './customers-on.js';

const caller = { id: 'key-1', actor: 'api-key:key-1' };
const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };

/** A database that is lost after so many more transactions, and never comes back; it notes how many were open at once. */
class MortalDatabase extends Database {
  left = Infinity;
  mostAtOnce = 0;
  #open = 0;

  override async sqlTransaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    this.left -= 1;
    if (this.left < 0) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    try {
      return await super.sqlTransaction(work);
    } finally {
      this.#open -= 1;
    }
  }
}

let test: TestDatabase;
const opened: Database[] = [];
let number = 0;

beforeAll(async () => {
  test = await createTestDatabase();
});

afterAll(async () => {
  for (const database of opened) await database.onApplicationShutdown();
  await test.close();
});

/** A process that accepts batches. */
function start() {
  const database = new MortalDatabase({ url: test.url, maxConnections: 10 });
  opened.push(database);
  const repository = new CustomersRepository(database);
  const customers = customersOn(database, repository);
  return { database, batches: new CustomerBatchesService(database, repository, customers) };
}

function newItem(): BatchItem & { refusal?: undefined } {
  const name = `batch-${++number}`;
  const lists = { redirectUris: [], allowedOrigins: [], scopes: ['user_default'] };
  return { input: { externalId: name, name, tenantHost: `${name}.eu.qlikcloud.com`, ...lists, metadata: {} } };
}

const newItems = (length: number) => Array.from({ length }, newItem);

const made = (items: readonly BatchItem[]) =>
  test.database.client.customer.count({ where: { externalId: { in: items.map(({ input }) => input!.externalId) } } });

describe('CustomerBatchesService.accept', () => {
  it('is finished by the same batch after the database was lost in the middle', async () => {
    const items = newItems(30);
    const lost = start();
    lost.database.left = 12;
    await expect(lost.batches.accept(items, caller, 'crash', trace)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // The first of the twelve wrote the batch's key.
    expect(await made(items)).toBe(11);
    // Each of eight lanes ended where it met the outage.
    expect(lost.database.left).toBeGreaterThanOrEqual(-8);

    const { replayed, results } = await start().batches.accept(items, caller, 'crash', trace);
    expect(replayed).toBe(true);
    expect(results.filter((result) => 'customer' in result && result.replayed)).toHaveLength(11);
    expect(results.map((result) => 'customer' in result && result.customer.externalId)).toEqual(
      items.map(({ input }) => input.externalId),
    );
    expect(await made(items)).toBe(30);
  });

  it('works on at most eight items at once, of however many batches', async () => {
    const { batches, database } = start();
    await Promise.all(['a', 'b', 'c'].map((key) => batches.accept(newItems(20), caller, `bound-${key}`, trace)));
    expect(database.mostAtOnce).toBeGreaterThan(1);
    expect(database.mostAtOnce).toBeLessThanOrEqual(8);
  });

  it('takes an item that was refused at the edge for the same until it can be read', async () => {
    const { batches } = start();
    const [good, refused] = [newItem(), newItem()];
    const refusal = new DomainError('invalid', 'TENANT_HOST_INVALID', 'no');
    const first = await batches.accept([good, { ...refused, refusal }], caller, 'refused', trace);
    expect(first.results[1]).toEqual({ error: refusal });
    const later = await batches.accept([good, refused], caller, 'refused', trace);
    expect(later.results).toMatchObject([{ replayed: true }, { replayed: false }]);
    const unreadable = { input: undefined, refusal };
    await expect(batches.accept([good, unreadable], caller, 'refused', trace)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('knows a key for 30 days, and after that nothing of the batch that it came with', async () => {
    const { batches } = start();
    const items = newItems(2);
    await batches.accept(items, caller, 'old', trace);
    const keys = await test.database.client.idempotencyKey.findMany({ where: { key: { startsWith: 'old' } } });
    expect(keys).toHaveLength(3);
    expect(keys.filter(({ customerId }) => customerId === null)).toMatchObject([{ key: 'old' }]);
    for (const { createdAt, expiresAt } of keys)
      expect(expiresAt.getTime() - createdAt.getTime()).toBe(30 * 86_400_000);
    const where = { caller_key: { caller: caller.id, key: 'old' } };
    await test.database.client.idempotencyKey.update({ where, data: { expiresAt: new Date(0) } });
    const other = await batches.accept(newItems(2), caller, 'old', trace);
    expect(other).toMatchObject({ replayed: false, results: [{ replayed: false }, { replayed: false }] });
  });

  it('gives up on an equal batch whose key is being written for too long', async () => {
    const { batches, database } = start();
    const items = newItems(1);
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let held!: () => void;
    const holding = new Promise<void>((resolve) => (held = resolve));
    const holder = test.database.sqlTransaction(async (tx) => {
      await new CustomersRepository(test.database).insertBatchKey(tx, {
        caller: caller.id,
        key: 'slow',
        requestHash: 'x',
      });
      held();
      await released;
      throw new Error('rolled back');
    });
    const rolledBack = expect(holder).rejects.toThrow('rolled back');
    await holding;
    await expect(batches.accept(items, caller, 'slow', trace)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_IN_PROGRESS',
    });
    release();
    await rolledBack;
    expect(database.left).toBe(Infinity);
    expect(await batches.accept(items, caller, 'slow', trace)).toMatchObject({ replayed: false });
  }, 20_000);
});
