import type { KnownProblemCode } from './generated/problem-codes.js';
import type { components } from './generated/openapi.js';

/** A problem as the API tells it (RFC 9457), with facts about it beside the members that are listed. */
export type Problem = components['schemas']['Problem'];

/** The code of a problem: what to decide by. A newer API may know more codes. */
export type ProblemCode = KnownProblemCode | (string & {});

/** What Qlik Cloud itself said, where a problem began there. */
export interface QlikAnswer {
  status?: number;
  code?: string;
  title?: string;
  detail?: string;
  traceId?: string;
}

/** The API refused a call or failed at it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  /** The HTTP status. */
  readonly status: number;
  /** Stable: what to decide by. `HTTP_<status>` where the answer is no problem of the API's, but, say, a proxy's page. */
  readonly code: ProblemCode;
  /** What happened, and what to do next. */
  readonly detail: string | undefined;
  /** Which parts of the request are wrong, each by its JSON pointer. */
  readonly errors: readonly { pointer: string; message: string }[];
  readonly qlik: QlikAnswer | undefined;
  /** By which the operators of the API find the call. */
  readonly requestId: string | undefined;
  /** All that the API said; absent where it was not the API that answered. */
  readonly problem: Problem | undefined;

  constructor(
    /** The answer; its body is read already. */
    readonly response: Response,
    body: unknown,
  ) {
    const problem = isProblem(body) ? body : undefined;
    const code = problem?.code ?? `HTTP_${response.status}`;
    const requestId = problem?.requestId ?? response.headers.get('x-request-id') ?? undefined;
    const said = problem?.detail ?? problem?.title ?? 'The answer is no problem that the API describes.';
    const wrong = (problem?.errors ?? []).map(({ pointer, message }) => ` ${pointer} ${message}.`).join('');
    super(`${code} (${response.status}): ${said}${wrong}${requestId === undefined ? '' : ` [request ${requestId}]`}`);
    this.status = response.status;
    this.code = code;
    this.detail = problem?.detail;
    this.errors = problem?.errors ?? [];
    this.qlik = problem?.qlik as QlikAnswer | undefined;
    this.requestId = requestId;
    this.problem = problem;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}
