import { randomBytes } from 'node:crypto';
import { AuditTrail } from '@app/audit';
import { type DataKey, Database, Secret, type Sql } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { DataKeyCache } from './data-key-cache.js';
import { dataKeyCreated, dataKeyDestroyed } from './data-key-events.js';
import { DataKeyHandle } from './data-key-handle.js';
import { DataKeysRepository } from './data-keys.repository.js';
import { EnvelopeError } from './envelope.js';
import { isSameOwner, type KeyOwner } from './key-owner.js';
import { KEY_PROVIDER, type KeyProvider, type WrappedDataKey } from './key-provider.js';
import { throwKeyProviderError } from './key-provider-error.js';
import type { SealedSecret, SecretContext } from './secret-context.js';
import { unreadableDataKey, unreadableSecret, unusableKeys } from './unreadable.js';
import { VaultError } from './vault-error.js';

/** Secrets at rest: a key-encryption key wraps a data key per owner, from which a key per secret version is derived (docs/security.md). */
@Injectable()
export class Vault {
  readonly #cache = new DataKeyCache();
  private readonly dataKeys: DataKeysRepository;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    @Inject(KEY_PROVIDER) private readonly keys: KeyProvider,
  ) {
    this.dataKeys = new DataKeysRepository(database);
  }

  /**
   * The data key of an owner, made on first use. Call it before the secret exists: the handle then seals without database or key service,
   * however long it is held. An owner whose data key was destroyed gets no other. Throws VaultError `DATA_KEY_UNREADABLE` or
   * `KEY_ENCRYPTION_KEY_UNUSABLE`; what the database or the key service throws passes through.
   */
  async ensureDataKey(owner: KeyOwner): Promise<DataKeyHandle> {
    const row = await this.dataKeys.findByOwner(owner);
    if (row !== null) return this.unwrap(row, owner);
    await this.createDataKey(owner);
    // Read back and unwrapped even if it was made here: nothing is sealed under a key that was not seen to unwrap.
    const created = await this.dataKeys.findByOwner(owner);
    if (created === null) throw unreadableDataKey('data-key-absent', `of ${owner.kind} "${owner.id}"`);
    return this.unwrap(created, owner);
  }

  /**
   * The data key of an owner that is about to be stored: `write` adds it in the caller's transaction, so that an owner that is refused leaves
   * none behind. Use it once, for an owner whose id is new. Throws what `ensureDataKey` throws.
   */
  async newDataKey(owner: KeyOwner): Promise<{ dataKey: DataKeyHandle; write: (tx: Sql) => Promise<void> }> {
    const { id, wrapped } = await this.wrapNew(owner);
    const unwrapped = await this.keys
      .unwrap(wrapped.keyId, wrapped.wrapped, { dataKeyId: id, owner })
      .catch(throwKeyProviderError);
    return {
      dataKey: new DataKeyHandle(id, owner, unwrapped),
      write: async (tx) => {
        if (!(await this.insert(tx, id, owner, wrapped)))
          throw new Error(`There is a data key of "${owner.id}" already.`);
      },
    };
  }

  /** Encrypts a secret for exactly this context. It computes only, so that it cannot fail for want of a database or a key service. */
  async seal(dataKey: DataKeyHandle, secret: Secret, context: SecretContext): Promise<SealedSecret> {
    if (!isSameOwner(dataKey.owner, context.owner)) {
      throw new RangeError(
        `A secret of ${context.owner.kind} "${context.owner.id}" cannot be sealed with the data key of ${dataKey.owner.kind} "${dataKey.owner.id}".`,
      );
    }
    const plaintext = Buffer.from(secret.reveal(), 'utf8');
    try {
      return { dataKeyId: dataKey.id, sealed: await dataKey.seal(context, plaintext) };
    } finally {
      plaintext.fill(0);
    }
  }

  /** Decrypts a secret that was sealed for exactly this context. Throws VaultError `SECRET_UNREADABLE`; what the database or the key service throws passes through. */
  async open({ dataKeyId, sealed }: SealedSecret, context: SecretContext): Promise<Secret> {
    try {
      const row = await this.dataKeys.findById(dataKeyId);
      if (row === null) throw unreadableDataKey('data-key-absent', `"${dataKeyId}"`);
      const dataKey = await this.unwrap(row, context.owner);
      const plaintext = await dataKey.open(context, sealed);
      try {
        return new Secret(plaintext.toString('utf8'));
      } finally {
        plaintext.fill(0);
      }
    } catch (error) {
      if (error instanceof VaultError || error instanceof EnvelopeError) throw unreadableSecret(context, error);
      throw error;
    }
  }

  /**
   * Destroys the data key of an owner within the caller's transaction: once that commits, no process opens what was or will be sealed under it.
   * False when the owner has no live data key. Call it before you append to the owner's audit chain: the rotation locks in that order, too.
   */
  async destroyDataKey(tx: Sql, owner: KeyOwner): Promise<boolean> {
    const dataKeyId = await this.dataKeys.destroy(tx, owner);
    if (dataKeyId === undefined) return false;
    await this.audit.append(tx, dataKeyDestroyed({ dataKeyId, owner }));
    this.#cache.drop(dataKeyId);
    return true;
  }

  /** For the start of a process: unwraps one data key of each key-encryption key in use. Throws VaultError `KEYS_UNUSABLE` that names each one that fails. */
  async assertKeysUsable(): Promise<void> {
    const failures: VaultError[] = [];
    for (const row of await this.dataKeys.listOnePerKeyEncryptionKey()) {
      try {
        await this.unwrap(row, { kind: row.owner, id: row.ownerId });
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        failures.push(error);
      }
    }
    const [first, ...more] = failures;
    if (first !== undefined) throw unusableKeys([first, ...more]);
  }

  private async createDataKey(owner: KeyOwner): Promise<void> {
    const { id, wrapped } = await this.wrapNew(owner);
    await this.database.sqlTransaction((tx) => this.insert(tx, id, owner, wrapped));
  }

  private async wrapNew(owner: KeyOwner): Promise<{ id: string; wrapped: WrappedDataKey }> {
    const id = v7();
    const dataKey = randomBytes(32);
    const wrapped = await this.keys
      .wrap(dataKey, { dataKeyId: id, owner })
      .catch(throwKeyProviderError)
      .finally(() => dataKey.fill(0));
    return { id, wrapped };
  }

  /** Adds a data key and its event; false when the owner has one already. */
  private async insert(tx: Sql, id: string, owner: KeyOwner, wrapped: WrappedDataKey): Promise<boolean> {
    const inserted = await this.dataKeys.insert(tx, id, owner, wrapped);
    if (inserted) await this.audit.append(tx, dataKeyCreated({ dataKeyId: id, owner }, wrapped.keyId));
    return inserted;
  }

  private async unwrap(row: DataKey, owner: KeyOwner): Promise<DataKeyHandle> {
    const { id, keyEncryptionKeyId, wrapped } = row;
    if (wrapped === null) throw unreadableDataKey('data-key-destroyed', `"${id}"`);
    if (!isSameOwner({ kind: row.owner, id: row.ownerId }, owner)) throw unreadableDataKey('data-key-owner', `"${id}"`);
    const cached = this.#cache.find(row);
    if (cached !== undefined) return cached;
    const dataKey = await this.keys
      .unwrap(keyEncryptionKeyId, wrapped, { dataKeyId: id, owner })
      .catch(throwKeyProviderError);
    const handle = new DataKeyHandle(id, owner, dataKey);
    this.#cache.keep(row, handle);
    return handle;
  }
}
