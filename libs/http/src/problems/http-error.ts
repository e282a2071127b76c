import { DomainError, isDatabaseUnavailable } from '@app/platform';
import { HttpException, ServiceUnavailableException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { routeNotFound } from './route-not-found.js';

/** The name of what was thrown; undefined for what nobody foresaw. */
export function recognise(thrown: unknown, request: FastifyRequest): DomainError | undefined {
  if (thrown instanceof DomainError) return thrown;
  if (isDatabaseUnavailable(thrown)) {
    return new DomainError(
      'unavailable',
      'DATABASE_UNAVAILABLE',
      'The database does not answer. Try again in a moment; if that goes on, check that PostgreSQL runs and that DATABASE_URL names it.',
      { cause: thrown, retryAfterSeconds: 5 },
    );
  }
  if (thrown instanceof ServiceUnavailableException) {
    const { code = 'NOT_READY', detail = thrown.message } = thrown.getResponse() as { code?: string; detail?: string };
    return new DomainError('unavailable', code, detail, { cause: thrown });
  }
  return thrown instanceof HttpException ? ofFramework(thrown.getStatus(), request) : undefined;
}

/** Nest turns what Fastify's parsers and router throw into exceptions with the same status. */
function ofFramework(status: number, request: FastifyRequest): DomainError | undefined {
  switch (status) {
    case 400:
      return new DomainError(
        'invalid',
        'BODY_NOT_JSON',
        'The body is empty, is not JSON, or has a member that no JSON of ours has.',
      );
    case 404:
      return routeNotFound(`${request.method} ${request.url.split('?')[0]}`);
    case 413:
      return new DomainError(
        'invalid',
        'BODY_TOO_LARGE',
        `The body is longer than ${request.routeOptions.bodyLimit} bytes.`,
      );
    case 415:
      return new DomainError(
        'invalid',
        'MEDIA_TYPE_UNSUPPORTED',
        'Send the body as JSON, with "Content-Type: application/json".',
      );
    default:
      return undefined;
  }
}
