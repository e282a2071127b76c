/** When work is done. */
export interface RoundTimes {
  firstInMs: number;
  /** From the end of one round to the beginning of the next. */
  pauseMs: number;
}

/** Work that is done round after round until it is stopped, one round at a time. */
export class Rounds {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  /** `go` is one round, and does not reject. */
  constructor(private readonly go: () => Promise<void>) {}

  start({ firstInMs, pauseMs }: RoundTimes): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.go().finally(() => this.start({ firstInMs: pauseMs, pauseMs }));
    }, firstInMs);
  }

  /** Begins no other round and resolves once the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }
}
