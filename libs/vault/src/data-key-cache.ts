import type { DataKey } from '@app/platform';
import type { DataKeyHandle } from './data-key-handle.js';

/** Data keys that a process keeps at most. */
export const MAX_CACHED_KEYS = 1_000;

/** How long a data key is kept at most; an idle process lets go of it too. */
export const MAX_CACHED_MS = 10 * 60_000;

interface Entry {
  handle: DataKeyHandle;
  row: string;
  expiry: NodeJS.Timeout;
}

/** Unwrapped data keys of this process, so that a key service is not asked for every secret; the least recently used is dropped first. */
export class DataKeyCache {
  readonly #entries = new Map<string, Entry>();

  /** The handle of a data key, if the row still is the one it was unwrapped from: a destroyed or changed row finds none. */
  find(row: DataKey): DataKeyHandle | undefined {
    const entry = this.#entries.get(row.id);
    if (entry === undefined) return undefined;
    if (entry.row !== fingerprint(row)) {
      this.drop(row.id);
      return undefined;
    }
    // Put at the end again: the first entry is the least recently used.
    this.#entries.delete(row.id);
    this.#entries.set(row.id, entry);
    return entry.handle;
  }

  /** Keeps the handle that was unwrapped from a row. */
  keep(row: DataKey, handle: DataKeyHandle): void {
    this.drop(row.id);
    const expiry = setTimeout(() => this.drop(row.id), MAX_CACHED_MS).unref();
    this.#entries.set(row.id, { handle, row: fingerprint(row), expiry });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_CACHED_KEYS && oldest !== undefined) this.drop(oldest);
  }

  /** Lets go of the handle of a data key. */
  drop(id: string): void {
    clearTimeout(this.#entries.get(id)?.expiry);
    this.#entries.delete(id);
  }
}

function fingerprint({ owner, ownerId, keyEncryptionKeyId, wrapped }: DataKey): string {
  return JSON.stringify([owner, ownerId, keyEncryptionKeyId, wrapped]);
}
