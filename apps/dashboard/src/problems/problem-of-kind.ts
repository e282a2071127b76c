import type { ErrorKind } from '@app/platform';

/** What each kind of domain error is in HTTP. */
export const problemOfKind: Readonly<Record<ErrorKind, { status: number; title: string }>> = {
  invalid: { status: 400, title: 'The request is not acceptable' },
  unauthenticated: { status: 401, title: 'Nobody is signed in' },
  forbidden: { status: 403, title: 'The request may not be made' },
  'not-found': { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'The present state does not allow it' },
  gone: { status: 410, title: 'It is gone' },
  stale: { status: 412, title: 'It has changed' },
  unavailable: { status: 503, title: 'A part of the service does not answer' },
};

/** Codes whose status says more than that of their kind. */
export const statusOfCode: Readonly<Record<string, number>> = { BODY_TOO_LARGE: 413, MEDIA_TYPE_UNSUPPORTED: 415 };

/** Problem Details (RFC 9457), with facts about the problem beside them: the same shape as the API's. */
export interface Problem extends Record<string, unknown> {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance: string;
  code: string;
  requestId: string;
  errors?: { pointer: string; message: string }[];
}
