import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { Secret } from '@app/platform';
import {
  type DataKeyContext,
  type KeyOwner,
  type KeyProvider,
  KeyRotation,
  type LocalKey,
  LocalKeyProvider,
  type SealedSecret,
  type SecretContext,
  Vault,
  type WrappedDataKey,
} from '@app/vault';
import { closedGate, type Gate } from '../gate.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

/** Local keys whose next `wrap` or `unwrap` can be held, as if the key service took its time. */
class SlowKeyProvider extends LocalKeyProvider {
  readonly #held = new Map<'wrap' | 'unwrap', Gate>();

  hold(operation: 'wrap' | 'unwrap'): Gate {
    const gate = closedGate();
    this.#held.set(operation, gate);
    return gate;
  }

  override async wrap(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey> {
    await this.#pass('wrap');
    return super.wrap(dataKey, context);
  }

  override async unwrap(keyId: string, wrapped: string, context: DataKeyContext): Promise<Buffer> {
    await this.#pass('unwrap');
    return super.unwrap(keyId, wrapped, context);
  }

  async #pass(operation: 'wrap' | 'unwrap'): Promise<void> {
    const gate = this.#held.get(operation);
    this.#held.delete(operation);
    await gate?.pass();
  }
}

const localKey = (id: string): LocalKey => ({ id, key: createSecretKey(randomBytes(32)) });
const [old, current] = [localKey('old'), localKey('current')];

let test: TestDatabase;
let keys: SlowKeyProvider;
let vault: Vault;
let owner: KeyOwner;
let context: SecretContext;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  await test.database.client.dataKey.deleteMany();
  keys = new SlowKeyProvider([old]);
  vault = vaultWith(keys);
  owner = { kind: 'customer', id: randomUUID() };
  context = { owner, secretId: randomUUID(), version: 1, purpose: 'impersonation-client-secret' };
});

const audit = () => new AuditTrail(test.database);
const vaultWith = (provider: KeyProvider) => new Vault(test.database, audit(), provider);
const destroy = (by = vault) => test.database.sqlTransaction((tx) => by.destroyDataKey(tx, owner));
const sealWith = async (by: Vault): Promise<SealedSecret> =>
  by.seal(await by.ensureDataKey(owner), new Secret('a secret'), context);
const row = () => test.database.client.dataKey.findFirstOrThrow({ where: { ownerId: owner.id } });
const actions = async () =>
  (await audit().list({ customerId: owner.id, limit: 99 })).events.map(({ action }) => action).reverse();
const destroyed = { check: 'data-key-destroyed' };

describe('Vault.destroyDataKey', () => {
  it('forgets the key for good, with an audit event on the chain of its owner', async () => {
    const { id } = await vault.ensureDataKey(owner);
    expect(await destroy()).toBe(true);
    expect(await row()).toMatchObject({ id, wrapped: null, destroyedAt: expect.any(Date) });
    const { events } = await audit().list({ customerId: owner.id, action: 'data_key.destroyed', limit: 9 });
    expect(events).toMatchObject([{ subject: { dataKeyId: id, customerId: owner.id } }]);
  });

  it('is done once: there is nothing to destroy afterwards, nor where there never was a key', async () => {
    expect(await destroy()).toBe(false);
    await vault.ensureDataKey(owner);
    expect([await destroy(), await destroy(), await destroy(vaultWith(keys))]).toEqual([true, false, false]);
    expect(await actions()).toEqual(['data_key.created', 'data_key.destroyed']);
  });

  it('makes every secret unreadable in every process at once, those with the key in memory too', async () => {
    const [other, cold] = [vaultWith(keys), vaultWith(keys)];
    const secret = await sealWith(vault);
    await other.open(secret, context);
    await destroy();
    for (const process of [vault, other, cold]) {
      await expect(process.open(secret, context)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE', ...destroyed });
    }
  });

  it('is part of the transaction: nothing is destroyed before it commits, or when it does not', async () => {
    const secret = await sealWith(vault);
    const undone = test.database.sqlTransaction(async (tx) => {
      await vault.destroyDataKey(tx, owner);
      expect((await vault.open(secret, context)).reveal()).toBe('a secret');
      throw new Error('the offboarding failed');
    });
    await expect(undone).rejects.toThrow('the offboarding failed');
    expect((await vault.open(secret, context)).reveal()).toBe('a secret');
    expect(await actions()).toEqual(['data_key.created']);
  });

  it('works in a transaction of Prisma’s as well', async () => {
    await vault.ensureDataKey(owner);
    expect(await test.database.transaction((tx) => vault.destroyDataKey(tx, owner))).toBe(true);
  });

  it("leaves other owners' keys alone, those of the same id and another kind too", async () => {
    await vault.ensureDataKey(owner);
    const region = await vault.ensureDataKey({ kind: 'region', id: owner.id });
    await destroy();
    expect((await vault.ensureDataKey({ kind: 'region', id: owner.id })).id).toBe(region.id);
  });
});

describe('a destroyed data key and Vault.ensureDataKey', () => {
  it('gets no successor, in no process', async () => {
    await vault.ensureDataKey(owner);
    const warm = vaultWith(keys);
    await warm.ensureDataKey(owner);
    await destroy();
    for (const process of [vault, warm, vaultWith(keys)]) {
      await expect(process.ensureDataKey(owner)).rejects.toMatchObject({ code: 'DATA_KEY_UNREADABLE', ...destroyed });
    }
    expect(await test.database.client.dataKey.count()).toBe(1);
  });

  it('is not there yet while its wrapping is under way: what is made then is live, and can be destroyed', async () => {
    const wrapping = keys.hold('wrap');
    const ensured = vault.ensureDataKey(owner);
    await wrapping.reached;
    expect(await destroy()).toBe(false);
    wrapping.release();
    await ensured;
    expect(await destroy()).toBe(true);
  });

  it('opens nothing that was sealed with a handle from before', async () => {
    await vault.ensureDataKey(owner);
    const slow = new SlowKeyProvider([old]);
    const unwrapping = slow.hold('unwrap');
    const sealed = sealWith(vaultWith(slow));
    await unwrapping.reached;
    await destroy();
    unwrapping.release();
    await expect(vault.open(await sealed, context)).rejects.toMatchObject(destroyed);
  });

  it('is made once and destroyed once, whoever asks for either at the same time', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, nth) =>
        nth % 3 === 2 ? destroy(vaultWith(keys)) : sealWith(vaultWith(keys)),
      ).map((work: Promise<unknown>) => work.catch((error: { check: string }) => error.check)),
    );
    if (!outcomes.includes(true)) expect(await destroy()).toBe(true);
    expect(await actions()).toEqual(['data_key.created', 'data_key.destroyed']);
    const secrets = outcomes.filter((outcome): outcome is SealedSecret => typeof outcome === 'object');
    expect(outcomes.filter((outcome) => typeof outcome === 'string' && outcome !== 'data-key-destroyed')).toEqual([]);
    for (const secret of secrets) await expect(vault.open(secret, context)).rejects.toMatchObject(destroyed);
  });
});

describe('a destroyed data key and the rotation', () => {
  const rotate = (provider: KeyProvider) => new KeyRotation(test.database, audit(), provider).rotate({ actor: 'test' });

  it('stays destroyed when the rotation had read it before', async () => {
    await vault.ensureDataKey(owner);
    const slow = new SlowKeyProvider([current, old]);
    const wrapping = slow.hold('wrap');
    const rotated = rotate(slow);
    await wrapping.reached;
    await destroy();
    wrapping.release();
    expect(await rotated).toEqual({ current: 'current', rewrapped: 0, remaining: 0, failures: [] });
    expect(await row()).toMatchObject({ wrapped: null, keyEncryptionKeyId: 'old' });
    expect(await actions()).toEqual(['data_key.created', 'data_key.destroyed']);
  });

  it('stays destroyed when the rotation waits for the lock on its row', async () => {
    await vault.ensureDataKey(owner);
    let rotated: ReturnType<typeof rotate> | undefined;
    await test.database.sqlTransaction(async (tx) => {
      await vault.destroyDataKey(tx, owner);
      rotated = rotate(new LocalKeyProvider([current, old]));
      await untilSomebodyWaitsForALock();
    });
    expect(await rotated).toMatchObject({ rewrapped: 0, remaining: 0, failures: [] });
    expect(await row()).toMatchObject({ wrapped: null, keyEncryptionKeyId: 'old' });
  });

  it('is destroyed all the same when the rotation came first', async () => {
    const secret = await sealWith(vault);
    await rotate(new LocalKeyProvider([current, old]));
    expect(await destroy()).toBe(true);
    await expect(vaultWith(new LocalKeyProvider([current])).open(secret, context)).rejects.toMatchObject(destroyed);
    expect(await actions()).toEqual(['data_key.created', 'data_key.rewrapped', 'data_key.destroyed']);
  });

  it('is no reason to keep a key-encryption key', async () => {
    await vault.ensureDataKey(owner);
    await destroy();
    expect(await rotate(new LocalKeyProvider([current]))).toMatchObject({ rewrapped: 0, remaining: 0, failures: [] });
  });
});

async function untilSomebodyWaitsForALock(): Promise<void> {
  for (;;) {
    const [found] = await test.database.sql.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (found !== undefined && found.waiting > 0) return;
    await pause(10);
  }
}
