import type { DomainError } from '@app/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { edgeProblems, type ProblemCatalog, problemOfKind } from './problem-catalog.js';
import type { Problem } from './problem.schema.js';

/** Answers with the problem that `catalog` has for the error's code, else its kind; `error` undefined tells nothing but that it is our fault. */
export function sendProblem(
  error: DomainError | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  catalog: ProblemCatalog,
): Problem {
  const problem = describeProblem(error, request, catalog);
  if (error?.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  reply.header('cache-control', 'no-store').header('content-type', 'application/problem+json');
  // As bytes: Fastify would add a charset, which problem+json does not have.
  void reply.status(problem.status).send(Buffer.from(JSON.stringify(problem)));
  return problem;
}

/** The problem that `catalog` has for the error's code, else its kind; `error` undefined tells nothing but that it is our fault. */
export function describeProblem(
  error: DomainError | undefined,
  request: FastifyRequest,
  catalog: ProblemCatalog,
): Problem {
  const code = error?.code ?? 'INTERNAL_ERROR';
  const { status, title } =
    error === undefined ? edgeProblems.INTERNAL_ERROR : (catalog[code] ?? problemOfKind[error.kind]);
  return {
    ...error?.facts,
    // Relative to the process, which may explain it there.
    type: `/problems/${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    ...(error === undefined ? {} : { detail: error.message }),
    instance: request.url.split('?')[0]!,
    code,
    requestId: request.id,
    ...(error === undefined || error.fields.length === 0 ? {} : { errors: error.fields }),
  };
}
