import type { ProblemCode } from './problem-catalog.js';

/** An error that only the HTTP side knows: a missing header, an unknown route. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly code: ProblemCode,
    message: string,
    readonly fields: { pointer: string; message: string }[] = [],
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }
}
