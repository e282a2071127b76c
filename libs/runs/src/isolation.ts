/** Lets work go on side by side, but for what must be alone: that begins when the rest has ended, and the rest waits until it has. */
export class Isolation {
  /** Resolves when nothing is alone, or waits to be. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #beside = new Set<Promise<unknown>>();

  /** Does the work beside others, once nothing is alone any more. */
  async beside<T>(work: () => Promise<T>): Promise<T> {
    for (let turn; turn !== this.#turn;) {
      turn = this.#turn;
      await turn;
    }
    const working = work();
    this.#beside.add(working);
    try {
      return await working;
    } finally {
      this.#beside.delete(working);
    }
  }

  /** Does the work alone, once everything that was begun has ended; not to be called from within either. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#turn.then(async () => {
      await Promise.allSettled(this.#beside);
      return work();
    });
    // Its failure is the caller's to hear of; here it only matters that it has ended.
    this.#turn = working.catch(() => undefined);
    return working;
  }
}
