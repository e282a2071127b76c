import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { API_LOGGER } from '../http/api-logger.js';
import { recognise, sendProblem } from './problem-answer.js';

/** Answers every error of a route as problem+json, and logs what is ours to fix. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(API_LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const error = recognise(thrown, request);
    const { status } = sendProblem(error, request, host.switchToHttp().getResponse<FastifyReply>());
    const line = { err: thrown, method: request.method, route: request.routeOptions.url, requestId: request.id };
    if (error === undefined) this.logger.error(line, 'A request failed for a reason without a name');
    else if (status >= 500) this.logger.warn(line, 'A request could not be served');
  }
}
