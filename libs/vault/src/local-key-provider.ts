import type { KeyObject } from 'node:crypto';
import { closeEnvelope, type EnvelopeContext, EnvelopeError, openEnvelope } from './envelope.js';
import type { DataKeyContext, KeyProvider, WrappedDataKey } from './key-provider.js';
import { unreadableWrapping } from './unreadable.js';

/** A key-encryption key of this process: 32 bytes, and the id by which the database names it. */
export interface LocalKey {
  id: string;
  key: KeyObject;
}

/** Key-encryption keys from the configuration (`LOCAL_KEYS`), newest first: the first wraps, all unwrap. */
export class LocalKeyProvider implements KeyProvider {
  readonly currentKeyId: string;
  readonly keyIds: readonly string[];
  readonly #current: LocalKey;
  readonly #keys: ReadonlyMap<string, LocalKey>;

  constructor(keys: readonly LocalKey[]) {
    const [current] = keys;
    if (current === undefined) throw new RangeError('A local key provider needs at least one key.');
    this.#current = current;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.currentKeyId = current.id;
    this.keyIds = [...this.#keys.keys()];
  }

  async wrap(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey> {
    const { id, key } = this.#current;
    return { keyId: id, wrapped: await closeEnvelope(key, id, context.dataKeyId, placeOf(context), dataKey) };
  }

  async unwrap(keyId: string, wrapped: string, context: DataKeyContext): Promise<Buffer> {
    const local = this.#keys.get(keyId);
    if (local === undefined) throw unreadableWrapping(keyId, context, 'key-encryption-key');
    try {
      return await openEnvelope(local.key, keyId, context.dataKeyId, placeOf(context), wrapped);
    } catch (error) {
      if (error instanceof EnvelopeError) throw unreadableWrapping(keyId, context, error.check, error);
      throw error;
    }
  }
}

function placeOf({ dataKeyId, owner }: DataKeyContext): EnvelopeContext {
  return ['data key', dataKeyId, owner.kind, owner.id];
}
