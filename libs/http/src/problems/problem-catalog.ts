import type { ErrorKind } from '@app/platform';

/** A status and a title for each code. */
export type ProblemCatalog = Readonly<Record<string, { status: number; title: string }>>;

/** The problems of HTTP itself, and those that any request can meet. */
export const edgeProblems = {
  REQUEST_INVALID: { status: 400, title: 'The request does not match its schema' },
  BODY_NOT_JSON: { status: 400, title: 'The body is not usable JSON' },
  REQUEST_MALFORMED: { status: 400, title: 'The request cannot be read' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body must be JSON' },
  INTERNAL_ERROR: { status: 500, title: 'Something went wrong on our side' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database does not answer' },
} as const satisfies ProblemCatalog;

/** What a domain error becomes whose code is in no catalog. */
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
