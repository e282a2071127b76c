import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { type Database, Secret } from '@app/platform';
import {
  type DataKeyContext,
  KeyEncryptionKeys,
  type KeyProvider,
  KeyRotation,
  type KeyRotationOptions,
  type LocalKey,
  LocalKeyProvider,
  ROTATION_BATCH,
  Vault,
  type WrappedDataKey,
} from '@app/vault';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { expectToOpen, type Stored, storeSecrets } from './stored-secrets.js';

const localKey = (id: string): LocalKey => ({ id, key: createSecretKey(randomBytes(32)) });
const [old, current] = [localKey('old'), localKey('current')];
const both = new LocalKeyProvider([current, old]);

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  await test.database.client.dataKey.deleteMany();
});

const vaultWith = (provider: KeyProvider) => new Vault(test.database, new AuditTrail(test.database), provider);

const store = (key: LocalKey, count: number): Promise<Stored[]> =>
  storeSecrets(vaultWith(new LocalKeyProvider([key])), count);

const rotate = (
  provider: KeyProvider = both,
  { database = test.database, ...options }: Partial<KeyRotationOptions> & { database?: Database } = {},
) =>
  new KeyRotation(database, new AuditTrail(test.database), provider).rotate({
    actor: 'cli',
    pausesMs: [],
    ...options,
  });

const rewrappedEvents = async ({ context }: Stored) =>
  (await new AuditTrail(test.database).list({ customerId: context.owner.id, action: 'data_key.rewrapped', limit: 9 }))
    .events;

/** Each row is as it was before or as it should be, and has an event if and only if it is the latter; resolves to how many are done. */
async function expectOldOrNew(stored: Stored[]): Promise<number> {
  let done = 0;
  for (const each of stored) {
    const row = await test.database.client.dataKey.findUniqueOrThrow({ where: { id: each.secret.dataKeyId } });
    expect(['old', 'current']).toContain(row.keyEncryptionKeyId);
    const isNew = row.keyEncryptionKeyId === 'current';
    expect(await rewrappedEvents(each)).toHaveLength(isNew ? 1 : 0);
    if (isNew) done += 1;
  }
  await expectToOpen(stored, vaultWith(both));
  return done;
}

describe('KeyRotation', () => {
  it('wraps nothing under a current key that has another value than the one that other processes wrap by', async () => {
    const stored = [...(await store(old, 2)), ...(await store(current, 1))];
    const before = await test.database.client.dataKey.findMany({ orderBy: { id: 'asc' } });
    await expect(rotate(new LocalKeyProvider([localKey('current'), old]))).rejects.toMatchObject({
      ...{ code: 'KEYS_UNUSABLE', check: 'commitment' },
      message: expect.stringContaining('"current"'),
    });
    expect(await test.database.client.dataKey.findMany({ orderBy: { id: 'asc' } })).toEqual(before);
    await expectToOpen(stored, vaultWith(both));
  });

  it('wraps every data key anew, in batches, and says so on the chain of its owner', async () => {
    const stored = await store(old, ROTATION_BATCH + 3);
    const before = await test.database.client.dataKey.findMany({ orderBy: { id: 'asc' } });
    const progress: number[][] = [];
    const result = await rotate(both, { onProgress: (...counts) => progress.push(counts) });
    expect(result).toEqual({ current: 'current', rewrapped: ROTATION_BATCH + 3, remaining: 0, failures: [] });
    expect(progress).toEqual([
      [ROTATION_BATCH, ROTATION_BATCH + 3],
      [ROTATION_BATCH + 3, ROTATION_BATCH + 3],
    ]);
    const after = await test.database.client.dataKey.findMany({ orderBy: { id: 'asc' } });
    expect(after.filter((row, nth) => row.wrapped === before[nth]!.wrapped)).toEqual([]);
    expect(after.map(({ wrapped: _wrapped, ...row }) => row)).toEqual(
      before.map(({ wrapped: _wrapped, ...row }) => ({ ...row, keyEncryptionKeyId: 'current' })),
    );
    await expectToOpen(stored, vaultWith(new LocalKeyProvider([current])));
    expect(await rewrappedEvents(stored[0]!)).toMatchObject([
      {
        actor: 'cli',
        subject: { dataKeyId: stored[0]!.secret.dataKeyId, customerId: stored[0]!.context.owner.id },
        data: { keyEncryptionKeyId: 'current', previousKeyEncryptionKeyId: 'old' },
      },
    ]);
    const verdicts = await new AuditVerification(test.database).verifyAll();
    expect(verdicts.filter(({ intact }) => !intact)).toEqual([]);
  });

  it('has nothing to do a second time, and leaves what the current key wraps as it is', async () => {
    const stored = await store(current, 2);
    const before = await test.database.client.dataKey.findMany();
    expect(await rotate()).toEqual({ current: 'current', rewrapped: 0, remaining: 0, failures: [] });
    expect(await test.database.client.dataKey.findMany()).toEqual(before);
    expect(await rewrappedEvents(stored[0]!)).toEqual([]);
  });

  it('does not disturb a process that has the data keys in memory, nor one that holds a handle', async () => {
    const stored = await store(old, 5);
    const [warm, { context }] = [vaultWith(both), stored[0]!];
    await expectToOpen(stored, warm);
    const handle = await warm.ensureDataKey(context.owner);
    await rotate();
    await expectToOpen(stored, warm);
    const later = { ...context, secretId: randomUUID() };
    const secret = await warm.seal(handle, new Secret(context.owner.id), later);
    await expectToOpen([{ context: later, secret }], vaultWith(new LocalKeyProvider([current])));
  });

  it('leaves a process behind that does not know the new key; it says which one it lacks', async () => {
    const [stored] = await store(old, 1);
    const behind = vaultWith(new LocalKeyProvider([old]));
    await expectToOpen([stored!], behind);
    await rotate();
    await expect(behind.open(stored!.secret, stored!.context)).rejects.toThrow('Add "current" to LOCAL_KEYS again');
  });

  it('takes along what a process with the old key first makes meanwhile', async () => {
    await store(old, 2);
    const late: Stored[] = [];
    let making: Promise<unknown> | undefined;
    const provider = new FailingKeyProvider(both, Infinity, async (call) => {
      if (call === 2) making ??= store(old, 1).then((made) => late.push(...made));
      await making;
    });
    expect(await rotate(provider)).toMatchObject({ rewrapped: 3, remaining: 0 });
    await expectToOpen(late, vaultWith(new LocalKeyProvider([current])));
  });

  it('is done once for each data key, however many rotate at once', async () => {
    const stored = await store(old, 12);
    const results = await Promise.all([rotate(), rotate(), rotate()]);
    expect(results.map(({ remaining, failures }) => [remaining, failures])).toEqual([1, 2, 3].map(() => [0, []]));
    expect(results.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(12);
    expect(await expectOldOrNew(stored)).toBe(12);
  });

  it('names the data keys that do not unwrap, leaves them as they are, and does the others', async () => {
    const [stored, [foreign]] = [await store(old, 2), await store(localKey('lost'), 1)];
    const { failures, ...result } = await rotate();
    expect(result).toEqual({ current: 'current', rewrapped: 2, remaining: 1 });
    expect(failures).toEqual([
      { dataKeyId: foreign!.secret.dataKeyId, message: expect.stringContaining('Add "lost" to LOCAL_KEYS again') },
    ]);
    expect(await expectOldOrNew(stored)).toBe(2);
  });

  it('stores nothing that does not give the same data key back', async () => {
    const stored = await store(old, 2);
    const lying: KeyProvider = {
      currentKeyId: 'current',
      keyIds: ['current', 'old'],
      wrap: (_dataKey, context) => both.wrap(randomBytes(32), context),
      unwrap: (keyId, wrapped, context) => both.unwrap(keyId, wrapped, context),
    };
    await expect(rotate(lying)).rejects.toMatchObject({
      code: 'KEY_ENCRYPTION_KEY_UNUSABLE',
      message: expect.stringContaining('it gave back another data key than it was given'),
    });
    expect(await expectOldOrNew(stored)).toBe(0);
  });

  it('asks a key service again that fails for a moment, and else says how far it came', async () => {
    const stored = await store(old, 3);
    // Three calls for a data key: the second one of the second data key fails.
    await expect(rotate(new FailingKeyProvider(both, 5))).rejects.toMatchObject({
      code: 'KEY_PROVIDER_UNAVAILABLE',
      message: expect.stringMatching(/wrapped anew before that: 1\. Run it again, and it goes on from there\.$/),
    });
    expect(await expectOldOrNew(stored)).toBe(1);
    expect(await rotate(new FailingKeyProvider(both, 2, undefined, 1), { pausesMs: [1] })).toMatchObject({
      rewrapped: 2,
      remaining: 0,
    });
  });
});

describe('a rotation that ends in the middle', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'at call %i to the key provider is as if it had stopped between two data keys',
    async (nth) => {
      const stored = await store(old, 2);
      await expect(rotate(new FailingKeyProvider(both, nth))).rejects.toThrow('did not do what it was asked');
      expect(await expectOldOrNew(stored)).toBe(nth > 3 ? 1 : 0);
      expect(await rotate()).toMatchObject({ rewrapped: nth > 3 ? 1 : 2, remaining: 0 });
      expect(await expectOldOrNew(stored)).toBe(2);
    },
  );

  it.each<['before' | 'after', number]>([
    ['before', 1],
    ['after', 1],
    ['before', 2],
    ['after', 2],
  ])('%s the commit of data key %i, too', async (when, nth) => {
    const stored = await store(old, 2);
    const { database } = test;
    let transactions = 0;
    const dying = Object.create(database, {
      sqlTransaction: {
        value: async (work: Parameters<Database['sqlTransaction']>[0]) => {
          transactions += 1;
          const die = (): never => {
            throw new Error('the process died');
          };
          if (transactions !== nth) return database.sqlTransaction(work);
          if (when === 'before') return database.sqlTransaction(async (tx) => (await work(tx), die()));
          await database.sqlTransaction(work);
          return die();
        },
      },
    }) as Database;
    await expect(rotate(both, { database: dying })).rejects.toThrow('the process died');
    const done = when === 'after' ? nth : nth - 1;
    expect(await expectOldOrNew(stored)).toBe(done);
    expect(await rotate()).toMatchObject({ rewrapped: 2 - done, remaining: 0 });
    expect(await expectOldOrNew(stored)).toBe(2);
  });
});

describe('KeyEncryptionKeys', () => {
  const keys = (provider: KeyProvider = both) => new KeyEncryptionKeys(test.database, provider);

  it('lists what is configured and what is in use, with the live data keys of each', async () => {
    await store(old, 2);
    const [lost] = await store(localKey('lost'), 1);
    expect(await keys().list()).toEqual([
      { id: 'current', state: 'current', dataKeys: 0 },
      { id: 'old', state: 'older', dataKeys: 2 },
      { id: 'lost', state: 'missing', dataKeys: 1 },
    ]);
    await rotate();
    await test.database.sqlTransaction((tx) => vaultWith(both).destroyDataKey(tx, lost!.context.owner));
    expect(await keys().list()).toEqual([
      { id: 'current', state: 'current', dataKeys: 2 },
      { id: 'old', state: 'older', dataKeys: 0 },
    ]);
  });

  it('has no key that is neither configured nor in use', async () => {
    await expect(keys().get('none')).rejects.toMatchObject({
      code: 'KEY_ENCRYPTION_KEY_NOT_FOUND',
      message: 'No key-encryption key "none" is configured or in use. There are: "current", "old".',
    });
  });
});

/** A key service that is away at its n-th call, and from then on unless it comes back after so many. */
class FailingKeyProvider implements KeyProvider {
  readonly currentKeyId: string;
  readonly keyIds: readonly string[];
  #calls = 0;

  constructor(
    private readonly keys: KeyProvider,
    private readonly nth: number,
    private readonly before: (call: number) => Promise<void> = () => Promise.resolve(),
    private readonly times = Infinity,
  ) {
    this.currentKeyId = keys.currentKeyId;
    this.keyIds = keys.keyIds;
  }

  async wrap(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey> {
    await this.#call();
    return this.keys.wrap(dataKey, context);
  }

  async unwrap(keyId: string, wrapped: string, context: DataKeyContext): Promise<Buffer> {
    await this.#call();
    return this.keys.unwrap(keyId, wrapped, context);
  }

  async #call(): Promise<void> {
    this.#calls += 1;
    await this.before(this.#calls);
    if (this.#calls >= this.nth && this.#calls < this.nth + this.times) throw new Error('the key service is away');
  }
}
