import { randomBytes } from 'node:crypto';

/** The body of every error: Qlik's `errors` array (qlik.dev, REST API error responses) and an id to find it by. */
export interface ErrorEnvelope {
  errors: { code: string; title: string; detail?: string; status: number }[];
  traceId: string;
}

/** A refusal as Qlik would word it; thrown by an operation, it becomes the answer and changes nothing. */
export class QlikError extends Error {
  override readonly name = 'QlikError';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, title: string, detail?: string, headers: Record<string, string> = {}) {
    super(detail === undefined ? title : `${title}: ${detail}`);
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.headers = headers;
  }

  /** The envelope for this refusal, with a trace id of its own. */
  envelope(): ErrorEnvelope {
    return errorEnvelope(this.status, this.code, this.title, this.detail);
  }
}

/** The envelope for one error; `detail` is left out where there is none. */
export function errorEnvelope(status: number, code: string, title: string, detail?: string): ErrorEnvelope {
  return {
    errors: [{ code, title, ...(detail === undefined ? {} : { detail }), status }],
    traceId: randomBytes(16).toString('hex'),
  };
}

/** 400 for a request that breaks the documented schema; `detail` says which part. */
export function badRequest(detail: string): QlikError {
  return new QlikError(400, 'HTTP-400', 'Bad request', detail);
}

/** 401 for a call without a token that this tenant accepts. */
export function unauthorized(detail: string): QlikError {
  return new QlikError(401, 'HTTP-401', 'Unauthorized', detail);
}

/** 403 for a caller who is known but may not do this. */
export function forbidden(detail: string): QlikError {
  return new QlikError(403, 'HTTP-403', 'Forbidden', detail);
}

/** 404 for something this tenant does not have. */
export function notFound(detail: string): QlikError {
  return new QlikError(404, 'HTTP-404', 'Not found', detail);
}
