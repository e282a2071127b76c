import { createHash } from 'node:crypto';

/** Chance that can be had again: the same words give the same numbers (mulberry32 over a SHA-256). */
export class Random {
  #state: number;
  readonly #words: readonly (string | number)[];

  constructor(...words: (string | number)[]) {
    this.#words = words;
    this.#state = createHash('sha256').update(words.join('/')).digest().readUInt32BE(0);
  }

  /** Chance of its own for something that draws at moments of its own. */
  fork(word: string): Random {
    return new Random(...this.#words, word);
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }

  /** A seed for somebody else's chance. */
  seed(): number {
    return this.between(0, 4_294_967_295);
  }
}
