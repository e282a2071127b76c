/** What kind of thing went wrong, in the domain's terms; the edge decides how to tell it (docs/architecture.md, errors). */
export type ErrorKind =
  'invalid' | 'unauthenticated' | 'forbidden' | 'not-found' | 'gone' | 'conflict' | 'stale' | 'unavailable';

/** A fact about an error: one value, or a few by name. */
export type Fact = string | number | Readonly<Record<string, string | number>>;

export interface ErrorDetails {
  /** Which part of the input is at fault, as JSON pointers with a sentence each. */
  fields?: { pointer: string; message: string }[];
  /** Facts the caller may act on, e.g. the id of the run that is in the way. Never a secret. */
  facts?: Record<string, Fact>;
  /** Seconds after which trying again makes sense. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error with a name: `code` is stable and documented, `message` says what happened and what to do next. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly fields: { pointer: string; message: string }[];
  readonly facts: Record<string, Fact>;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.fields = details.fields ?? [];
    this.facts = details.facts ?? {};
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
