import { QlikError, type QlikErrorCode, type QlikOperation } from '@app/qlik';

/** What goes wrong with a call that reaches Qlik. */
export type Fault = 'reset-before' | 'reset-after' | 'rate-limited' | 'bad-request' | 'forbidden' | 'same-hint';

/** Makes of a lost answer what it is not. */
export function takeForRefusal(error: unknown): never {
  if (!(error instanceof QlikError)) throw error;
  throw new QlikError(error.code, { operation: error.operation, host: error.host, outcomeUnknown: false });
}

/** Whether doing it twice makes two. */
export const isCreation = (operation: QlikOperation): boolean =>
  operation === 'create-oauth-client' || operation === 'create-client-secret';

interface Called {
  operation: QlikOperation;
  host: string;
}

/** The error for a call that was cut off or refused. */
export function refusal(fault: Fault, call: Called): QlikError {
  if (fault === 'rate-limited') return qlikError('QLIK_RATE_LIMITED', call, { status: 429 }, { retryAfterMs: 5_000 });
  if (fault === 'forbidden') return qlikError('QLIK_FORBIDDEN', call, { status: 403 });
  return qlikError('QLIK_UNREACHABLE', call, undefined, { outcomeUnknown: isCreation(call.operation) });
}

/** A QlikError of this call. */
export const qlikError = (
  code: QlikErrorCode,
  { operation, host }: Called,
  qlik?: { status: number },
  more: { outcomeUnknown?: boolean; retryAfterMs?: number } = {},
): QlikError => new QlikError(code, { operation, host, ...(qlik === undefined ? {} : { qlik }), ...more });
