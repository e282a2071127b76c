import { edgeProblems, type ProblemCatalog } from '@app/http';

/** Every problem this API answers with: one status and one title each (docs/api.md lists the same). */
export const problemCatalog = {
  ...edgeProblems,
  TENANT_HOST_INVALID: { status: 400, title: 'The tenant host is not acceptable' },
  IDEMPOTENCY_KEY_REQUIRED: { status: 400, title: 'An Idempotency-Key is required' },
  API_KEY_MISSING: { status: 401, title: 'An API key is required' },
  API_KEY_MALFORMED: { status: 401, title: 'This is not an API key' },
  API_KEY_UNKNOWN: { status: 401, title: 'The API key is not known' },
  API_KEY_EXPIRED: { status: 401, title: 'The API key has expired' },
  API_KEY_REVOKED: { status: 401, title: 'The API key was revoked' },
  SCOPE_MISSING: { status: 403, title: 'The API key lacks the scope' },
  CUSTOMER_NOT_FOUND: { status: 404, title: 'There is no such customer' },
  RUN_NOT_FOUND: { status: 404, title: 'There is no such run' },
  PAUSE_NOT_FOUND: { status: 404, title: 'There is no such pause' },
  EXTERNAL_ID_TAKEN: { status: 409, title: 'The externalId is taken' },
  TENANT_HOST_TAKEN: { status: 409, title: 'The tenant host is taken' },
  CLIENT_TAKEN: { status: 409, title: 'The OAuth client is taken' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, title: 'An equal request is under way' },
  CUSTOMER_BUSY: { status: 409, title: 'Another run changes the customer' },
  CUSTOMER_NOT_READY: { status: 409, title: 'The customer is not ready' },
  ROTATION_ACTIVE: { status: 409, title: 'A rotation is under way' },
  ROTATION_PROMOTED: { status: 409, title: 'The rotation can no longer be cancelled' },
  NOTHING_TO_ROLL_BACK: { status: 409, title: 'There is no older secret to go back to' },
  VERSION_NOT_CURRENT: { status: 409, title: 'The version is not the current one' },
  RUN_STATE_CONFLICT: { status: 409, title: 'The state of the run does not allow it' },
  RUN_SUPERSEDED: { status: 409, title: 'Another run took the place of the run' },
  CUSTOMER_OFFBOARDED: { status: 410, title: 'The customer was offboarded' },
  RUN_CHANGED: { status: 412, title: 'The run has changed' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The Idempotency-Key was used for another body' },
  USER_NOT_FOUND: { status: 422, title: 'The client may not act as this user' },
  SCOPE_NOT_ALLOWED: { status: 422, title: 'The customer does not have the scope' },
  IF_MATCH_REQUIRED: { status: 428, title: 'If-Match is required' },
  TENANT_DISABLED: { status: 502, title: 'The tenant is disabled' },
  TENANT_NOT_FOUND: { status: 502, title: 'There is no tenant at the host' },
  CREDENTIAL_REFUSED: { status: 502, title: 'The tenant refuses the stored secret' },
  QLIK_FORBIDDEN: { status: 502, title: 'The tenant does not let the client do this' },
  QLIK_REFUSED: { status: 502, title: 'Qlik refused the request' },
  QLIK_UNAVAILABLE: { status: 502, title: 'Qlik failed' },
  QLIK_UNREACHABLE: { status: 502, title: 'Qlik cannot be reached' },
  QLIK_UNREADABLE: { status: 502, title: "Qlik's answer cannot be read" },
  MIGRATIONS_PENDING: { status: 503, title: 'The database lacks a migration' },
  SECRET_UNREADABLE: { status: 503, title: 'The stored secret cannot be read' },
  DATA_KEY_UNREADABLE: { status: 503, title: 'The data key cannot be used' },
  KEY_ENCRYPTION_KEY_UNUSABLE: { status: 503, title: 'The key-encryption key cannot be used' },
  KEY_PROVIDER_UNAVAILABLE: { status: 503, title: 'The key service does not answer' },
  SECRET_CHANGING: { status: 503, title: 'The secret is being replaced' },
  QLIK_RATE_LIMITED: { status: 503, title: 'Qlik limits the calls to the tenant' },
  TENANT_BUSY: { status: 503, title: 'Too many calls to the tenant are under way' },
  TENANT_CIRCUIT_OPEN: { status: 503, title: 'The tenant did not answer and is left alone' },
  REGION_CIRCUIT_OPEN: { status: 503, title: 'The region did not answer and is left alone' },
  HOST_NOT_ALLOWED: { status: 503, title: 'The tenant host is not allowed here' },
  ADDRESS_NOT_ALLOWED: { status: 503, title: 'The tenant host leads to a private address' },
  QLIK_TIMEOUT: { status: 504, title: 'Qlik took too long' },
} as const satisfies ProblemCatalog;

/** The code of a problem. */
export type ProblemCode = keyof typeof problemCatalog;

/** Whether `code` is in the catalog. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCatalog, code);
}
