import type { OperationName } from './operation.js';

const windowMs = 60_000;

/** The tier that limits each operation (qlik.dev, OAuth clients API, "Rate Limit"); the token endpoint publishes none. */
export const tierOf: Record<OperationName, 1 | 2 | undefined> = {
  list: 1,
  get: 1,
  'config-get': 1,
  create: 2,
  patch: 2,
  delete: 2,
  publish: 2,
  'secret-create': 2,
  'secret-delete': 2,
  'config-patch': 2,
  'config-delete': 2,
  token: undefined,
};

/** One tier of one tenant: a window of a minute that starts with its first request. */
export class RateTier {
  #windowStart = 0;
  #count = 0;

  /** Takes one request; the answer is 0 if it is within the limit, else the whole seconds until the window ends. */
  take(perMinute: number, now: number): number {
    if (now - this.#windowStart >= windowMs) {
      this.#windowStart = now;
      this.#count = 0;
    }
    if (this.#count >= perMinute) return Math.max(1, Math.ceil((this.#windowStart + windowMs - now) / 1000));
    this.#count += 1;
    return 0;
  }
}
