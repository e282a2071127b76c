/** A run as it was at one moment. */
export interface RunSnapshot {
  id: string;
  revision: number;
  /** Differs whenever the run is shown differently: its ETag without the quotes. */
  version: string;
  /** As `GET /v1/runs/{id}` shows it, in one line. */
  json: string;
  /** Whether it goes on only if somebody has it go on. */
  hasEnded: boolean;
}

/** A run that somebody watches: only the newest of it is kept, however many wait for it. */
export class WatchedRun {
  watchers = 0;
  readonly #waiting = new Set<() => void>();

  constructor(public latest: RunSnapshot) {}

  /** Takes what was read, unless it is older than what is known, and wakes who waits. */
  publish(snapshot: RunSnapshot): void {
    if (snapshot.revision < this.latest.revision || snapshot.version === this.latest.version) return;
    this.latest = snapshot;
    for (const wake of this.#waiting) wake();
  }

  /** The run once its version is another one than `seen`; undefined when that has not come within `ms`, or the signal fires. What changed more than once is told once. */
  async next(seen: string | undefined, ms: number, signal: AbortSignal): Promise<RunSnapshot | undefined> {
    if (this.latest.version === seen && !signal.aborted) await this.#change(ms, signal);
    return this.latest.version === seen || signal.aborted ? undefined : this.latest;
  }

  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener('abort', wake);
      this.#waiting.add(wake);
    });
  }
}
