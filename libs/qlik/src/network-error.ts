import { ADDRESS_BLOCKED } from '@app/platform';
import { errors } from 'undici';
import type { QlikErrorCode, QlikFailure } from './qlik-error.table.js';

/** What the end of a call without a usable answer means in our words, and the network's own code for it. */
export interface NetworkError {
  code: QlikErrorCode;
  networkCode?: string;
  failure?: QlikFailure;
}

/** Classifies what the HTTP library threw; takes only its code, since its message and data may hold bytes of the response. */
export function readNetworkError(error: unknown, ended: { timedOut: boolean; aborted: boolean }): NetworkError {
  if (ended.aborted) return { code: ended.timedOut ? 'QLIK_TIMEOUT' : 'CALL_ABORTED' };
  // Bytes that are not HTTP; this error's `data` is those bytes.
  if (error instanceof errors.HTTPParserError) return { code: 'QLIK_UNREADABLE' };
  const networkCode = codeOf(error);
  if (networkCode === undefined) return { code: 'QLIK_UNREACHABLE' };
  if (networkCode === ADDRESS_BLOCKED) return { code: 'ADDRESS_NOT_ALLOWED' };
  if (networkCode === 'ENOTFOUND') return { code: 'TENANT_NOT_FOUND', networkCode, failure: 'unavailable' };
  if (networkCode === 'UND_ERR_CONNECT_TIMEOUT' || networkCode === 'ETIMEDOUT')
    return { code: 'QLIK_TIMEOUT', networkCode };
  if (networkCode === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || networkCode === 'UND_ERR_HEADERS_OVERFLOW') {
    return { code: 'QLIK_UNREADABLE', networkCode };
  }
  return { code: 'QLIK_UNREACHABLE', networkCode };
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z0-9_]{1,60}$/.test(error.code) ? error.code : undefined;
}
