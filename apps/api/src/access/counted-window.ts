import { LRUCache } from 'lru-cache';

/** How a limit stands for somebody: the facts of the headers `RateLimit-Policy` and `RateLimit`. */
export interface Standing {
  policy: string;
  limit: number;
  /** How many more are allowed; negative by how many were too many. */
  remaining: number;
  /** When the window ends: 1 second at least, as `Retry-After` wants it. */
  resetSeconds: number;
}

/** The length of every window. */
export const WINDOW_SECONDS = 60;

/** Those that are kept in mind at once; who has done nothing for longest is forgotten, and begins anew. */
const MAX_KEYS = 10_000;

/** Counts what each of many does within a minute from its first; in the memory of this process. */
export class CountedWindow {
  readonly #windows = new LRUCache<string, { count: number; endsAtMs: number }>({ max: MAX_KEYS });

  constructor(
    private readonly policy: string,
    private readonly limit: number,
    /** Milliseconds of a clock that never goes back. */
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Counts one more. */
  take(key: string): Standing {
    const window = this.#windowOf(key) ?? { count: 0, endsAtMs: this.nowMs() + WINDOW_SECONDS * 1000 };
    window.count += 1;
    this.#windows.set(key, window);
    return this.#standing(window);
  }

  /** How it stands, with nothing counted. */
  look(key: string): Standing {
    return this.#standing(this.#windowOf(key) ?? { count: 0, endsAtMs: this.nowMs() + WINDOW_SECONDS * 1000 });
  }

  #windowOf(key: string): { count: number; endsAtMs: number } | undefined {
    const window = this.#windows.get(key);
    return window !== undefined && this.nowMs() < window.endsAtMs ? window : undefined;
  }

  #standing({ count, endsAtMs }: { count: number; endsAtMs: number }): Standing {
    return {
      policy: this.policy,
      limit: this.limit,
      remaining: this.limit - count,
      resetSeconds: Math.max(1, Math.ceil((endsAtMs - this.nowMs()) / 1000)),
    };
  }
}
