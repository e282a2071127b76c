import { DomainError, isDatabaseUnavailable } from '@app/platform';
import { HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BODY_LIMIT_BYTES } from '../http/body-limit.js';

import { isProblemCode, problemCatalog, problemOfKind, problemType } from './problem-catalog.js';
import { ProblemError } from './problem-error.js';
import type { Problem } from './problem.schema.js';

/** An error with a name: from the domain, or from the HTTP side. */
export type NamedError = DomainError | ProblemError;

/** The name of what was thrown; undefined for what nobody foresaw. */
export function recognise(thrown: unknown, request: FastifyRequest): NamedError | undefined {
  if (thrown instanceof DomainError || thrown instanceof ProblemError) return thrown;
  if (isDatabaseUnavailable(thrown)) {
    const message = 'The database does not answer. Send the same request again in a moment.';
    return new ProblemError('DATABASE_UNAVAILABLE', message, [], 5);
  }
  return thrown instanceof HttpException ? ofFramework(thrown.getStatus(), request) : undefined;
}

/** Answers with the problem; `error` undefined tells nothing but that it is our fault. */
export function sendProblem(error: NamedError | undefined, request: FastifyRequest, reply: FastifyReply): Problem {
  const problem = describe(error, request);
  if (problem.status === 401) reply.header('www-authenticate', challenge(problem.code));
  if (error?.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  reply.header('cache-control', 'no-store').header('content-type', 'application/problem+json');
  // As bytes: Fastify would add a charset, which problem+json does not have.
  void reply.status(problem.status).send(Buffer.from(JSON.stringify(problem)));
  return problem;
}

/** Nest gives the errors of Fastify's parsers and router as exceptions that keep nothing but the status. */
function ofFramework(status: number, request: FastifyRequest): ProblemError | undefined {
  switch (status) {
    case 400:
      return new ProblemError(
        'BODY_NOT_JSON',
        'The body is empty, is not JSON, or has a member that no JSON of ours has.',
      );
    case 404:
      return new ProblemError(
        'ROUTE_NOT_FOUND',
        `There is no route "${request.method} ${pathOf(request).slice(0, 200)}". /openapi.json lists them all.`,
      );
    case 413:
      return new ProblemError('BODY_TOO_LARGE', `The body is longer than ${BODY_LIMIT_BYTES} bytes.`);
    case 415:
      return new ProblemError(
        'MEDIA_TYPE_UNSUPPORTED',
        'Send the body as JSON, with "Content-Type: application/json".',
      );
    default:
      return undefined;
  }
}

function describe(error: NamedError | undefined, request: FastifyRequest): Problem {
  const code = error?.code ?? 'INTERNAL_ERROR';
  const { status, title } = isProblemCode(code)
    ? problemCatalog[code]
    : problemOfKind[error instanceof DomainError ? error.kind : 'unavailable'];
  return {
    ...(error instanceof DomainError ? error.facts : {}),
    type: problemType(code),
    title,
    status,
    ...(error === undefined ? {} : { detail: error.message }),
    instance: pathOf(request),
    code,
    requestId: request.id,
    ...(error === undefined || error.fields.length === 0 ? {} : { errors: error.fields }),
  };
}

const pathOf = (request: FastifyRequest): string => request.url.split('?')[0]!;

/** RFC 6750, section 3: nothing but the scheme for a request without a key. */
function challenge(code: string): string {
  return code === 'API_KEY_MISSING' ? 'Bearer' : 'Bearer error="invalid_token"';
}
