import type { QlikOperation } from './call.js';
import { type QlikErrorCode, type QlikFailure, qlikErrorTable } from './qlik-error.table.js';

/** Qlik's own words about a refusal, at most 300 characters each and free of this call's secrets. */
export interface QlikErrorDetails {
  status: number;
  code?: string;
  title?: string;
  detail?: string;
  traceId?: string;
}

/** What a QlikError is made of besides its code. */
export interface QlikErrorFacts {
  operation: QlikOperation;
  host: string;
  /** Only where the code's usual failure does not fit, e.g. an unknown host that may be a failing resolver. */
  failure?: QlikFailure;
  qlik?: QlikErrorDetails;
  /** The network's error code (`ECONNRESET`), for the message. */
  networkCode?: string;
  /** Which field of the answer broke the schema, e.g. `clientSecret`, for the message. */
  unreadablePart?: string;
  retryAfterMs?: number;
  outcomeUnknown?: boolean;
}

/**
 * A call to Qlik that did not end well: `failure` says what class of answer to give, `code` what happened, the message what and where, `hint` what to do next.
 * Never has a `cause`: the HTTP library's errors can hold the bytes of a response, and so a secret.
 */
export class QlikError extends Error {
  override readonly name = 'QlikError';
  readonly failure: QlikFailure;
  readonly operation: QlikOperation;
  readonly host: string;
  /** What to do next. */
  readonly hint: string;
  readonly qlik?: QlikErrorDetails;
  /** How long to wait, in milliseconds; always there when rate-limited, where Qlik asks for it, and when held back, where we do. */
  readonly retryAfterMs?: number;
  /** True when Qlik may have acted though we saw no usable answer: only ever for create-oauth-client and create-client-secret. */
  readonly outcomeUnknown: boolean;

  constructor(
    readonly code: QlikErrorCode,
    facts: QlikErrorFacts,
  ) {
    super(qlikErrorTable[code].message(facts));
    this.hint = qlikErrorTable[code].hint(facts);
    this.failure = facts.failure ?? qlikErrorTable[code].failure;
    this.operation = facts.operation;
    this.host = facts.host;
    if (facts.qlik !== undefined) this.qlik = facts.qlik;
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs;
    this.outcomeUnknown = facts.outcomeUnknown ?? false;
  }
}
