/** Something that a test lets happen when it wants to. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();
  /** Resolves once somebody waits at the gate. */
  readonly reached: Promise<void> = this.#reached.promise;

  open(): void {
    this.#opened.resolve();
  }

  pass(): Promise<void> {
    this.#reached.resolve();
    return this.#opened.promise;
  }
}
