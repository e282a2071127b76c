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

/** Those that are kept in mind at once; whose window began first is forgotten, and begins anew. */
const MAX_KEYS = 10_000;

interface Window {
  count: number;
  endsAtMs: number;
}

const newWindow = (nowMs: number): Window => ({ count: 0, endsAtMs: nowMs + WINDOW_SECONDS * 1000 });

/** Counts what each of many does within a minute from its first; in the memory of this process. */
export class CountedWindow {
  /** In the order in which they began. */
  readonly #windows = new Map<string, Window>();

  constructor(
    private readonly policy: string,
    private readonly limit: number,
    /** Milliseconds of a clock that never goes back. */
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Counts one more. */
  take(key: string): Standing {
    const nowMs = Math.trunc(this.clock());
    const window = this.#windowOf(key, nowMs) ?? this.#begin(key, nowMs);
    window.count += 1;
    return this.#standing(window, nowMs);
  }

  /** How it stands, with nothing counted. */
  look(key: string): Standing {
    const nowMs = Math.trunc(this.clock());
    return this.#standing(this.#windowOf(key, nowMs) ?? newWindow(nowMs), nowMs);
  }

  #begin(key: string, nowMs: number): Window {
    const window = newWindow(nowMs);
    this.#windows.delete(key);
    this.#windows.set(key, window);
    if (this.#windows.size > MAX_KEYS) this.#windows.delete(this.#windows.keys().next().value!);
    return window;
  }

  #windowOf(key: string, nowMs: number): Window | undefined {
    const window = this.#windows.get(key);
    return window !== undefined && nowMs < window.endsAtMs ? window : undefined;
  }

  #standing({ count, endsAtMs }: Window, nowMs: number): Standing {
    return {
      policy: this.policy,
      limit: this.limit,
      remaining: this.limit - count,
      resetSeconds: Math.max(1, Math.ceil((endsAtMs - nowMs) / 1000)),
    };
  }
}
