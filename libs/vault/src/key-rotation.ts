import { timingSafeEqual } from 'node:crypto';
import type { AuditTrail } from '@app/audit';
import { type Database, DomainError } from '@app/platform';
import { dataKeyRewrapped } from './data-key-events.js';
import { DataKeysRepository, type LiveDataKey } from './data-keys.repository.js';
import type { DataKeyContext, KeyProvider, WrappedDataKey } from './key-provider.js';
import { throwKeyProviderError } from './key-provider-error.js';
import { unusableKey, unusableKeys } from './unreadable.js';
import { untilKeyServiceAnswers } from './until-key-service-answers.js';
import { VaultError } from './vault-error.js';

/** Data keys between two reports of progress. */
export const ROTATION_BATCH = 100;

const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000';

export interface KeyRotationOptions {
  /** Who the audit trail says it was. */
  actor: string;
  /** Called after each batch: data keys looked at, and how many there were to do. */
  onProgress?: (done: number, total: number) => void;
  /** The pauses after which a key service that does not answer is asked again. */
  pausesMs?: readonly number[];
}

/** What a rotation came to. */
export interface KeyRotationResult {
  /** The key-encryption key that wraps now. */
  current: string;
  /** Data keys that this rotation wrapped anew. */
  rewrapped: number;
  /** Live data keys that another key still wraps: those that failed, and those that a process with an older first key has made meanwhile. */
  remaining: number;
  /** Data keys that could not be unwrapped, and why. They are as they were. */
  failures: { dataKeyId: string; message: string }[];
}

/** Wraps data keys anew under the current key-encryption key, while other processes go on working. */
export class KeyRotation {
  private readonly dataKeys: DataKeysRepository;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly keys: KeyProvider,
  ) {
    this.dataKeys = new DataKeysRepository(database);
  }

  /**
   * Each data key is replaced in a transaction of its own, so that it may end anywhere and begin again, and run beside others. Throws
   * `KEY_PROVIDER_UNAVAILABLE`, and VaultError when the current key does not wrap or does not give back what it wrapped; `KEYS_UNUSABLE`, with nothing
   * changed, when it does not open what other processes wrapped by it.
   */
  async rotate({ actor, onProgress, pausesMs }: KeyRotationOptions): Promise<KeyRotationResult> {
    const current = this.keys.currentKeyId;
    await untilKeyServiceAnswers(() => this.assertCurrentKeyFits(), pausesMs);
    const total = await this.countRemaining();
    const failures: KeyRotationResult['failures'] = [];
    let [done, rewrapped] = [0, 0];
    for (let after = BEFORE_ALL_IDS; ;) {
      const batch = await this.dataKeys.listNotWrappedBy(current, after, ROTATION_BATCH);
      const last = batch.at(-1);
      if (last === undefined) break;
      for (const row of batch) {
        const outcome = await untilKeyServiceAnswers(() => this.rewrap(row, actor), pausesMs).catch(
          (error: unknown) => {
            throw sayHowFar(error, rewrapped);
          },
        );
        if (outcome === 'rewrapped') rewrapped += 1;
        if (outcome instanceof VaultError) failures.push({ dataKeyId: row.id, message: outcome.message });
      }
      after = last.id;
      done += batch.length;
      onProgress?.(done, Math.max(done, total));
    }
    return { current, rewrapped, remaining: await this.countRemaining(), failures };
  }

  /**
   * A stray value under the current key's name would wrap everything so that no other process could open it. An older key needs no such look: what it does
   * not open stays as it is, and one that is lost must not keep the rest from being wrapped anew.
   */
  private async assertCurrentKeyFits(): Promise<void> {
    const samples = await this.dataKeys.listOnePerKeyEncryptionKey();
    const sample = samples.find(({ keyEncryptionKeyId }) => keyEncryptionKeyId === this.keys.currentKeyId);
    if (sample === undefined) return;
    const dataKey = await this.unwrap(sample);
    if (dataKey instanceof VaultError) throw unusableKeys([dataKey]);
    dataKey.fill(0);
  }

  /** Resolves to the error when the data key does not unwrap; `changed` says that somebody else changed the row meanwhile, and that what they made of it stands. */
  private async rewrap(row: LiveDataKey, actor: string): Promise<'rewrapped' | 'changed' | VaultError> {
    const context = contextOf(row);
    const dataKey = await this.unwrap(row);
    if (dataKey instanceof VaultError) return dataKey;
    const wrapped = await this.wrapAnew(dataKey, context).finally(() => dataKey.fill(0));
    return this.database.sqlTransaction(async (tx) => {
      if (!(await this.dataKeys.replaceWrapping(tx, row, wrapped))) return 'changed';
      await this.audit.append(tx, dataKeyRewrapped(context, actor, row.keyEncryptionKeyId, wrapped.keyId));
      return 'rewrapped';
    });
  }

  private unwrap(row: LiveDataKey): Promise<Buffer | VaultError> {
    return this.keys
      .unwrap(row.keyEncryptionKeyId, row.wrapped, contextOf(row))
      .catch((error: unknown) => (error instanceof VaultError ? error : throwKeyProviderError(error)));
  }

  /** The new wrapping, once it was seen to give the same key back: the old one, which is the only copy, goes when it is stored. */
  private async wrapAnew(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey> {
    const wrapped = await this.keys.wrap(dataKey, context).catch(throwKeyProviderError);
    const again = await this.keys.unwrap(wrapped.keyId, wrapped.wrapped, context).catch(throwKeyProviderError);
    const isSame = again.length === dataKey.length && timingSafeEqual(again, dataKey);
    again.fill(0);
    if (!isSame) throw unusableKey(wrapped.keyId, 'it gave back another data key than it was given');
    return wrapped;
  }

  private async countRemaining(): Promise<number> {
    const counts = await this.dataKeys.countByKeyEncryptionKey();
    return [...counts].reduce((sum, [keyId, count]) => (keyId === this.keys.currentKeyId ? sum : sum + count), 0);
  }
}

const contextOf = ({ id, owner, ownerId }: LiveDataKey): DataKeyContext => ({
  dataKeyId: id,
  owner: { kind: owner, id: ownerId },
});

function sayHowFar(error: unknown, rewrapped: number): unknown {
  if (!(error instanceof DomainError)) return error;
  const message = `${error.message} Data keys wrapped anew before that: ${rewrapped}. Run it again, and it goes on from there.`;
  return new DomainError(error.kind, error.code, message, { cause: error });
}
