import type { CallRecord, QlikOperation } from './call.js';
import { QlikError, type QlikErrorDetails } from './qlik-error.js';
import type { QlikErrorCode, QlikFailure } from './qlik-error.table.js';
import { rateLimitWaitMs, readRetryAfter } from './retry-after.js';

/** What is needed of a call in order to say what its refusal means. */
export interface RefusedCall {
  operation: QlikOperation;
  host: string;
  /** What a 4xx means here, if it has a meaning of its own. */
  refusal?: (details: QlikErrorDetails) => QlikErrorCode | undefined;
}

/** Whether doing it twice makes two. */
export function isCreation(operation: QlikOperation): boolean {
  return operation === 'create-oauth-client' || operation === 'create-client-secret';
}

/** The error for an answer whose status is not 2xx. After a 4xx nothing was done, 408 excepted; after a redirect or a 5xx it may have been. */
export function refusal(call: RefusedCall, qlik: QlikErrorDetails, retryAfter: string | undefined): QlikError {
  const { operation, host } = call;
  const { status } = qlik;
  const facts = { operation, host, qlik };
  if (status === 429) {
    return new QlikError('QLIK_RATE_LIMITED', { ...facts, retryAfterMs: rateLimitWaitMs(retryAfter, Date.now()) });
  }
  const outcomeUnknown = isCreation(operation);
  if (status === 408 || status >= 500) {
    const retryAfterMs = readRetryAfter(retryAfter, Date.now());
    return new QlikError('QLIK_UNAVAILABLE', {
      ...facts,
      outcomeUnknown,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (status < 400) return new QlikError('QLIK_UNREADABLE', { ...facts, outcomeUnknown });
  return new QlikError(refusalCode(call, qlik), facts);
}

function refusalCode(call: RefusedCall, qlik: QlikErrorDetails): QlikErrorCode {
  if (qlik.code === 'TENANT_DISABLED') return 'TENANT_DISABLED';
  const own = call.refusal?.(qlik);
  if (own !== undefined) return own;
  if (qlik.status === 401) return 'PARENT_REFUSED';
  return qlik.status === 403 ? 'QLIK_FORBIDDEN' : 'QLIK_REFUSED';
}

/** How a call that failed this way is recorded. */
export function outcomeOf(failure: QlikFailure): CallRecord['outcome'] {
  const unsent = failure === 'address-refused' || failure === 'not-configured' || failure === 'held-back';
  return unsent ? 'refused' : failure;
}
