import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { AuditTrail } from '@app/audit';
import { DatabaseModule, Secret } from '@app/platform';
import {
  type DataKeyContext,
  type KeyProvider,
  type LocalKey,
  LocalKeyProvider,
  type SecretContext,
  Vault,
  VaultModule,
  type WrappedDataKey,
} from '@app/vault';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

/** Local keys that count what is asked of them and can be away, as a key service can. */
class WatchedKeyProvider implements KeyProvider {
  readonly #local: LocalKeyProvider;
  calls = 0;
  away = false;

  constructor(...keys: LocalKey[]) {
    this.#local = new LocalKeyProvider(keys);
  }

  get currentKeyId(): string {
    return this.#local.currentKeyId;
  }

  get keyIds(): readonly string[] {
    return this.#local.keyIds;
  }

  wrap(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey> {
    return this.#answer(() => this.#local.wrap(dataKey, context));
  }

  unwrap(keyId: string, wrapped: string, context: DataKeyContext): Promise<Buffer> {
    return this.#answer(() => this.#local.unwrap(keyId, wrapped, context));
  }

  async #answer<T>(work: () => Promise<T>): Promise<T> {
    this.calls++;
    if (this.away) throw new Error('the key service is away');
    return work();
  }
}

const localKey = (id: string): LocalKey => ({ id, key: createSecretKey(randomBytes(32)) });
const value = 'a-very-secret-value-of-a-client';

let test: TestDatabase;
let keys: WatchedKeyProvider;
let vault: Vault;
let context: SecretContext;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

beforeEach(async () => {
  await test.database.client.dataKey.deleteMany();
  keys = new WatchedKeyProvider(localKey('key-1'));
  vault = vaultWith(keys);
  const owner = { kind: 'customer' as const, id: randomUUID() };
  context = { owner, secretId: randomUUID(), version: 1, purpose: 'impersonation-client-secret' };
});

function vaultWith(provider: KeyProvider): Vault {
  const { database } = test;
  return new Vault(database, new AuditTrail(database), provider);
}

const sealed = async () => vault.seal(await vault.ensureDataKey(context.owner), new Secret(value), context);
const destroy = (id: string) =>
  test.database.client.dataKey.update({ where: { id }, data: { wrapped: null, destroyedAt: new Date() } });

describe('Vault.ensureDataKey', () => {
  it('makes one data key and one audit event, however many ask at once and in however many processes', async () => {
    const handles = await Promise.all(Array.from({ length: 20 }, () => vaultWith(keys).ensureDataKey(context.owner)));
    expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
    const { events } = await new AuditTrail(test.database).list({ customerId: context.owner.id, limit: 9 });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      action: 'data_key.created',
      subject: { dataKeyId: handles[0]?.id, customerId: context.owner.id },
      data: { keyEncryptionKeyId: 'key-1' },
    });
  });

  it('gives handles that open what another sealed', async () => {
    const [one, other] = [await vault.ensureDataKey(context.owner), await vaultWith(keys).ensureDataKey(context.owner)];
    expect(other).not.toBe(one);
    expect((await vault.open(await vault.seal(other, new Secret(value), context), context)).reveal()).toBe(value);
  });

  it("keeps the audit event of a region's key in the system chain", async () => {
    const { id } = await vault.ensureDataKey({ kind: 'region', id: 'eu' });
    const { events } = await new AuditTrail(test.database).list({ chain: 'system', limit: 9 });
    expect(events.map(({ subject }) => subject)).toContainEqual({ dataKeyId: id, regionId: 'eu' });
  });

  it('stores nothing when the key service is away', async () => {
    keys.away = true;
    await expect(vault.ensureDataKey(context.owner)).rejects.toMatchObject({
      code: 'KEY_PROVIDER_UNAVAILABLE',
      retryAfterSeconds: 5,
    });
    expect(await test.database.client.dataKey.count()).toBe(0);
  });

  it('asks the key provider for a known data key once', async () => {
    await vault.ensureDataKey(context.owner);
    const { calls } = keys;
    await vault.ensureDataKey(context.owner);
    await vault.open(await sealed(), context);
    expect(keys.calls).toBe(calls);
  });

  it('refuses an owner whose data key was destroyed, a cached one too', async () => {
    const { id } = await vault.ensureDataKey(context.owner);
    await destroy(id);
    await expect(vault.ensureDataKey(context.owner)).rejects.toMatchObject({
      code: 'DATA_KEY_UNREADABLE',
      check: 'data-key-destroyed',
    });
  });
});

describe('Vault.seal', () => {
  it('needs neither the database nor the key provider', async () => {
    const away = await createTestDatabase();
    const lonely = new Vault(away.database, new AuditTrail(away.database), keys);
    const dataKey = await lonely.ensureDataKey(context.owner);
    const row = await away.database.client.dataKey.findUniqueOrThrow({ where: { id: dataKey.id } });
    await away.close();
    const { calls } = keys;
    keys.away = true;
    const secret = await lonely.seal(dataKey, new Secret(value), context);
    expect(keys.calls).toBe(calls);
    keys.away = false;
    await test.database.client.dataKey.create({ data: row });
    expect((await vault.open(secret, context)).reveal()).toBe(value);
  });

  it('seals texts of any characters', async () => {
    const text = new Secret('zoë 🔑 "\\\n');
    const dataKey = await vault.ensureDataKey(context.owner);
    expect((await vault.open(await vault.seal(dataKey, text, context), context)).reveal()).toBe(text.reveal());
  });

  it("refuses another owner's data key", async () => {
    const dataKey = await vault.ensureDataKey({ kind: 'region', id: 'us' });
    await expect(vault.seal(dataKey, new Secret(value), context)).rejects.toThrow('cannot be sealed with the data key');
  });

  it('shows the secret nowhere in what it gives', async () => {
    const shown = JSON.stringify(await sealed());
    for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      expect(shown).not.toContain(Buffer.from(value).toString(encoding));
    }
  });
});

describe('Vault.open', () => {
  it.each<[string, (given: SecretContext) => SecretContext, string]>([
    ['kind of owner', (given) => ({ ...given, owner: { kind: 'endpoint', id: given.owner.id } }), 'data-key-owner'],
    ['owner', (given) => ({ ...given, owner: { kind: 'customer', id: randomUUID() } }), 'data-key-owner'],
    ['secret', (given) => ({ ...given, secretId: randomUUID() }), 'context'],
    ['version', (given) => ({ ...given, version: 2 }), 'context'],
    ['purpose', (given) => ({ ...given, purpose: 'webhook-secret' }), 'context'],
  ])('refuses another %s', async (_what, change, check) => {
    const secret = await sealed();
    const attempt = vault.open(secret, change(context));
    await expect(attempt).rejects.toMatchObject({ code: 'SECRET_UNREADABLE', check });
  });

  it('says which secret, why and what next, and shows no content', async () => {
    const secret = await sealed();
    const error: unknown = await vault.open(secret, { ...context, version: 2 }).catch((reason: unknown) => reason);
    expect((error as Error).message).toBe(
      `The impersonation-client-secret "${context.secretId}", version 2, cannot be read: ` +
        'it was encrypted for another place than the one it stands in. Restore the row from a backup, or replace the secret by a new one.',
    );
    const shown = inspect(error, { depth: 9, showHidden: true });
    expect(shown).not.toContain(secret.sealed);
    expect(shown).not.toContain(value);
  });

  it('refuses a data key that is absent, or that was destroyed meanwhile', async () => {
    const secret = await sealed();
    await vault.open(secret, context);
    await destroy(secret.dataKeyId);
    await expect(vault.open(secret, context)).rejects.toMatchObject({ check: 'data-key-destroyed' });
    await test.database.client.dataKey.deleteMany();
    await expect(vault.open(secret, context)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      check: 'data-key-absent',
    });
  });

  it('names a key-encryption key that is not configured', async () => {
    const secret = await sealed();
    const attempt = vaultWith(new WatchedKeyProvider(localKey('key-2'))).open(secret, context);
    await expect(attempt).rejects.toMatchObject({ code: 'SECRET_UNREADABLE', check: 'key-encryption-key' });
    await expect(attempt).rejects.toThrow('Add "key-1" to LOCAL_KEYS again');
  });

  it('passes on that the key service is away: trying again can help', async () => {
    const secret = await sealed();
    keys.away = true;
    await expect(vaultWith(keys).open(secret, context)).rejects.toMatchObject({
      code: 'KEY_PROVIDER_UNAVAILABLE',
      retryAfterSeconds: 5,
    });
  });
});

describe('Vault.assertKeysUsable', () => {
  it('is content with an empty database, and with every key configured', async () => {
    const [old, current] = [localKey('old'), localKey('current')];
    await vaultWith(new WatchedKeyProvider(old)).assertKeysUsable();
    await vaultWith(new WatchedKeyProvider(old)).ensureDataKey(context.owner);
    const both = new WatchedKeyProvider(current, old);
    await vaultWith(both).ensureDataKey({ kind: 'region', id: 'eu' });
    await vaultWith(both).ensureDataKey({ kind: 'region', id: 'us' });
    const { calls } = both;
    await vaultWith(both).assertKeysUsable();
    expect(both.calls).toBe(calls + 2);
  });

  it('names every key that is missing or wrong, and what to do', async () => {
    const [one, two] = [localKey('one'), localKey('two')];
    await vaultWith(new WatchedKeyProvider(one)).ensureDataKey(context.owner);
    await vaultWith(new WatchedKeyProvider(two)).ensureDataKey({ kind: 'region', id: 'eu' });
    const attempt = vaultWith(new WatchedKeyProvider(localKey('two'))).assertKeysUsable();
    await expect(attempt).rejects.toMatchObject({ code: 'KEYS_UNUSABLE' });
    await expect(attempt).rejects.toThrow('Add "one" to LOCAL_KEYS again and restart.');
    await expect(attempt).rejects.toThrow('Give "two" in LOCAL_KEYS the value it had');
  });

  it('does not ask for the key of destroyed data keys', async () => {
    await destroy((await vault.ensureDataKey(context.owner)).id);
    await vaultWith(new WatchedKeyProvider(localKey('key-2'))).assertKeysUsable();
  });
});

describe('VaultModule', () => {
  const start = (key: LocalKey) => {
    const config = { NODE_ENV: 'production' as const, KEY_PROVIDER: 'local' as const, LOCAL_KEYS: [key], DATA_DIR: '' };
    const vaultModule = VaultModule.forRoot(config);
    const imports = [DatabaseModule.forRoot({ url: test.url, maxConnections: 2 }), vaultModule];
    return NestFactory.createApplicationContext(
      { module: class TestModule {}, imports },
      { logger: false, abortOnError: false },
    );
  };

  it('starts with keys that fit the database, and not with others', async () => {
    const key = localKey('key-1');
    const app = await start(key);
    const dataKey = await app.get(Vault).ensureDataKey(context.owner);
    const secret = await app.get(Vault).seal(dataKey, new Secret(value), context);
    await app.close();
    await expect(start(localKey('key-1'))).rejects.toMatchObject({ code: 'KEYS_UNUSABLE' });
    const again = await start(key);
    expect((await again.get(Vault).open(secret, context)).reveal()).toBe(value);
    await again.close();
  });
});
