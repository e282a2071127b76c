import { DomainError } from '@app/platform';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { DASHBOARD_LOGGER } from '../http/dashboard-logger.js';
import { recogniseHttpError } from './http-error.js';
import { type Problem, problemOfKind, statusOfCode } from './problem-of-kind.js';

/** The only place that answers errors: each becomes problem+json, and what is ours to fix is logged. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(DASHBOARD_LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = thrown instanceof DomainError ? thrown : recogniseHttpError(thrown, request);
    const problem = describe(error, request);
    if (error === undefined) {
      const route = request.routeOptions.url;
      this.logger.error(
        { err: thrown, method: request.method, route, requestId: request.id },
        'A request failed for a reason without a name',
      );
    } else if (problem.status >= 500) {
      this.logger.warn({ err: thrown, requestId: request.id }, 'A request could not be served');
    }
    if (error?.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
    reply.header('cache-control', 'no-store').header('content-type', 'application/problem+json');
    void reply.status(problem.status).send(JSON.stringify(problem));
  }
}

function describe(error: DomainError | undefined, request: FastifyRequest): Problem {
  const code = error?.code ?? 'INTERNAL_ERROR';
  const { status, title } =
    error === undefined ? { status: 500, title: 'Something went wrong on our side' } : problemOfKind[error.kind];
  return {
    ...error?.facts,
    type: `/problems/${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status: statusOfCode[code] ?? status,
    ...(error === undefined ? {} : { detail: error.message }),
    instance: request.url.split('?')[0]!,
    code,
    requestId: request.id,
    ...(error === undefined || error.fields.length === 0 ? {} : { errors: error.fields }),
  };
}
