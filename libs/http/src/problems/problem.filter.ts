import type { DomainError } from '@app/platform';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { recognise } from './http-error.js';
import { describeProblem, sendProblem } from './problem-answer.js';
import type { ProblemCatalog } from './problem-catalog.js';
import type { Problem } from './problem.schema.js';

/** Answers every error of a route as problem+json, and logs what is ours to fix. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly catalog: ProblemCatalog,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = recognise(thrown, request);
    this.#log(thrown, error, sendProblem(error, request, reply, this.catalog), request);
  }

  /** The problem of a part of a request, for an answer that holds several; what is ours to fix is logged. */
  tell(thrown: unknown, request: FastifyRequest): Problem {
    const error = recognise(thrown, request);
    const problem = describeProblem(error, request, this.catalog);
    this.#log(thrown, error, problem, request);
    return problem;
  }

  #log(thrown: unknown, error: DomainError | undefined, { status }: Problem, request: FastifyRequest): void {
    const line = { err: thrown, method: request.method, route: request.routeOptions.url, requestId: request.id };
    if (error === undefined) this.logger.error(line, 'A request failed for a reason without a name');
    else if (status >= 500) this.logger.warn(line, 'A request could not be served');
  }
}
