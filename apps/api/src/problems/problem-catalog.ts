import type { ErrorKind } from '@app/platform';

/** Every problem this API answers with: one status and one title each (docs/api.md lists the same). */
export const problemCatalog = {
  REQUEST_INVALID: { status: 400, title: 'The request does not match its schema' },
  BODY_NOT_JSON: { status: 400, title: 'The body is not usable JSON' },
  REQUEST_MALFORMED: { status: 400, title: 'The request cannot be read' },
  TENANT_HOST_INVALID: { status: 400, title: 'The tenant host is not acceptable' },
  IDEMPOTENCY_KEY_REQUIRED: { status: 400, title: 'An Idempotency-Key is required' },
  API_KEY_MISSING: { status: 401, title: 'An API key is required' },
  API_KEY_MALFORMED: { status: 401, title: 'This is not an API key' },
  API_KEY_UNKNOWN: { status: 401, title: 'The API key is not known' },
  API_KEY_EXPIRED: { status: 401, title: 'The API key has expired' },
  API_KEY_REVOKED: { status: 401, title: 'The API key was revoked' },
  SCOPE_MISSING: { status: 403, title: 'The API key lacks the scope' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  CUSTOMER_NOT_FOUND: { status: 404, title: 'There is no such customer' },
  RUN_NOT_FOUND: { status: 404, title: 'There is no such run' },
  EXTERNAL_ID_TAKEN: { status: 409, title: 'The externalId is taken' },
  TENANT_HOST_TAKEN: { status: 409, title: 'The tenant host is taken' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, title: 'An equal request is under way' },
  CUSTOMER_BUSY: { status: 409, title: 'Another run changes the customer' },
  CUSTOMER_NOT_READY: { status: 409, title: 'The customer is not ready' },
  RUN_STATE_CONFLICT: { status: 409, title: 'The state of the run does not allow it' },
  CUSTOMER_OFFBOARDED: { status: 410, title: 'The customer was offboarded' },
  RUN_CHANGED: { status: 412, title: 'The run has changed' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body must be JSON' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The Idempotency-Key was used for another body' },
  IF_MATCH_REQUIRED: { status: 428, title: 'If-Match is required' },
  INTERNAL_ERROR: { status: 500, title: 'Something went wrong on our side' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database does not answer' },
  MIGRATIONS_PENDING: { status: 503, title: 'The database lacks a migration' },
  SECRET_UNREADABLE: { status: 503, title: 'The stored secret cannot be read' },
} as const satisfies Record<string, { status: number; title: string }>;

/** The code of a problem. */
export type ProblemCode = keyof typeof problemCatalog;

/** Whether `code` is in the catalog. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCatalog, code);
}

/** What a domain error becomes whose code the catalog does not hold. */
export const problemOfKind: Readonly<Record<ErrorKind, { status: number; title: string }>> = {
  invalid: { status: 400, title: 'The request is not acceptable' },
  unauthenticated: { status: 401, title: 'The caller is not known' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'The present state does not allow it' },
  gone: { status: 410, title: 'It is gone' },
  stale: { status: 412, title: 'It has changed' },
  unavailable: { status: 503, title: 'A part of the service does not answer' },
};

/** The stable `type` of a problem: where it is explained, relative to the API. */
export const problemType = (code: string): string => `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
