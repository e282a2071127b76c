import { type Database, DomainError } from '@app/platform';
import { DataKeysRepository } from './data-keys.repository.js';
import type { KeyProvider } from './key-provider.js';

/** A key-encryption key that is configured or in use. */
export interface ListedKeyEncryptionKey {
  id: string;
  /** `current` wraps; `older` only unwraps; `missing` is in use and not configured. */
  state: 'current' | 'older' | 'missing';
  /** Live data keys that only it unwraps. */
  dataKeys: number;
}

/** Which key-encryption keys there are, and what needs them. */
export class KeyEncryptionKeys {
  private readonly dataKeys: DataKeysRepository;

  constructor(
    database: Database,
    private readonly keys: KeyProvider,
  ) {
    this.dataKeys = new DataKeysRepository(database);
  }

  /** All that are configured, newest first, then those that are missing. */
  async list(): Promise<ListedKeyEncryptionKey[]> {
    const counts = await this.dataKeys.countByKeyEncryptionKey();
    const ids = new Set([...this.keys.keyIds, ...counts.keys()]);
    return [...ids].map((id) => ({ id, state: this.#stateOf(id), dataKeys: counts.get(id) ?? 0 }));
  }

  /** The one with this id. Throws `KEY_ENCRYPTION_KEY_NOT_FOUND`. */
  async get(id: string): Promise<ListedKeyEncryptionKey> {
    const listed = await this.list();
    const found = listed.find((key) => key.id === id);
    if (found !== undefined) return found;
    throw new DomainError(
      'not-found',
      'KEY_ENCRYPTION_KEY_NOT_FOUND',
      `No key-encryption key "${id}" is configured or in use. There are: ${listed.map((key) => `"${key.id}"`).join(', ')}.`,
    );
  }

  #stateOf(id: string): ListedKeyEncryptionKey['state'] {
    if (id === this.keys.currentKeyId) return 'current';
    return this.keys.keyIds.includes(id) ? 'older' : 'missing';
  }
}
