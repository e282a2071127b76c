import { type Breaker, Circuit } from './circuit.js';

const IDLE_MS = 10 * 60_000;

/** Circuits by name; keeps only those that have something to remember. */
export class CircuitSet {
  /** Least recently used first. */
  readonly #circuits = new Map<string, Circuit>();

  constructor(
    private readonly openMs: number,
    private readonly newBreaker: () => Breaker,
    private readonly noteChange: (name: string, isOpen: boolean) => void,
  ) {}

  /** How many are remembered. */
  get size(): number {
    return this.#circuits.size;
  }

  /** As `Circuit.waitMs`. */
  waitMs(name: string): number | undefined {
    return this.#circuits.get(name)?.waitMs;
  }

  /** As `Circuit.run`. */
  async run<T>(name: string, host: string, call: () => Promise<T>): Promise<T> {
    const circuit =
      this.#circuits.get(name) ??
      new Circuit(this.newBreaker(), this.openMs, (isOpen) => this.noteChange(name, isOpen));
    this.#circuits.delete(name);
    this.#dropIdle();
    this.#circuits.set(name, circuit);
    try {
      return await circuit.run(host, call);
    } finally {
      if (circuit.isCalm && this.#circuits.get(name) === circuit) this.#circuits.delete(name);
    }
  }

  #dropIdle(): void {
    for (const [name, { idleSince }] of this.#circuits) {
      if (idleSince === undefined) continue;
      // An open circuit is remembered at least for as long as it is open.
      if (performance.now() - idleSince < Math.max(IDLE_MS, this.openMs)) return;
      this.#circuits.delete(name);
    }
  }
}
