import { inspect } from 'node:util';

const REDACTED = '[secret]';

/** A value that cannot be printed, logged or serialised by accident; only `reveal()` gives it, at the place that needs it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    if (value === '') throw new TypeError('A secret must not be empty.');
    this.#value = value;
  }

  /** The value itself: call it in the expression that sends or seals it, and keep the result in no variable. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
