import { type ApiKey, type Notifications, NotifiedCache, startStopwatch, type Stopwatch } from '@app/platform';
import type { Caller } from './caller.js';

/** What is asked of a key's row at each request, and who its holder is. */
export interface KnownKey extends Pick<ApiKey, 'id' | 'secretHash' | 'expiresAt' | 'lastUsedAt' | 'revokedAt'> {
  caller: Caller;
}

/** How long a row is gone by at most, though nothing was heard of it. */
const KEPT_MS = 3_000;

/** Keys that a process remembers. */
const MAX_KEYS = 1_000;

interface Look {
  /** On its way, or there. */
  row: Promise<KnownKey | undefined> | KnownKey;
  age: Stopwatch;
}

/** The rows of keys that were used in the last seconds. One that was changed, in any process, is looked up anew; while changes are not heard, every one is. */
export class ApiKeyCache {
  readonly #looks: NotifiedCache<Look>;

  constructor(notifications: Pick<Notifications, 'isHearing' | 'subscribe'>) {
    this.#looks = new NotifiedCache(notifications, { channel: 'api_key_changed', max: MAX_KEYS });
  }

  /** The key's row, from the last seconds, at once if it is there already, or by `look`; undefined, which is not remembered, if there is none. */
  find(id: string, look: () => Promise<KnownKey | undefined>): Promise<KnownKey | undefined> | KnownKey {
    const known = this.#looks.find(id);
    if (known !== undefined && known.age() < KEPT_MS) return known.row;
    const age = startStopwatch();
    // A change that is heard while the row is read takes it out again.
    const row = look();
    const fresh: Look = { row, age };
    this.#looks.keep(id, '', fresh);
    const drop = (): void => this.#looks.drop(id, '', fresh);
    row.then((found) => (found === undefined ? drop() : (fresh.row = found)), drop);
    return row;
  }

  /** For who has changed a key here: it is looked up anew before the notification of it arrives. */
  forget(id: string): void {
    this.#looks.forget(id);
  }
}
