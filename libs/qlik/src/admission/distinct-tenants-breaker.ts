import type { Breaker } from './circuit.js';

/** Opens a region's circuit once so many different tenants of it failed, and none answered in between: one broken tenant never does. */
export class DistinctTenantsBreaker implements Breaker {
  readonly #failing = new Set<string>();

  constructor(private readonly tenants: number) {}

  get state(): number {
    return this.#failing.size;
  }

  noteFailure(host: string): void {
    this.#failing.add(host);
  }

  success(): void {
    this.#failing.clear();
  }

  failure(): boolean {
    return this.#failing.size >= this.tenants;
  }
}
