import type { RateTier } from './rate-tier.js';

/** A pause, and how long it still takes. */
export interface RunningPause {
  host: string;
  tier: RateTier;
  ms: number;
}

/** Pauses this process knows of, on its steady clock; the longer of two counts. */
export class OwnPauses {
  readonly #pauses = new Map<string, { host: string; tier: RateTier; until: number }>();

  /** 0 if there is none. */
  remainingMs(host: string, tier: RateTier): number {
    const until = this.#pauses.get(keyOf(host, tier))?.until ?? 0;
    return Math.max(0, Math.ceil(until - performance.now()));
  }

  add(host: string, tier: RateTier, ms: number): void {
    this.#dropEnded();
    if (this.remainingMs(host, tier) >= ms) return;
    this.#pauses.set(keyOf(host, tier), { host, tier, until: performance.now() + ms });
  }

  /** Those that are not over. */
  running(): RunningPause[] {
    this.#dropEnded();
    return [...this.#pauses.values()].map(({ host, tier }) => ({ host, tier, ms: this.remainingMs(host, tier) }));
  }

  #dropEnded(): void {
    for (const [key, { until }] of this.#pauses) if (until <= performance.now()) this.#pauses.delete(key);
  }
}

const keyOf = (host: string, tier: RateTier): string => `${tier}:${host}`;
