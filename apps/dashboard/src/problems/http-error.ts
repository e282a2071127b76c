import { DomainError, Prisma } from '@app/platform';
import { HttpException, ServiceUnavailableException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BODY_LIMIT_BYTES } from '../http/fastify-adapter.js';
import { routeNotFound } from './route-not-found.js';

/** Prisma's codes for a database that is not reached or gives no connection (prisma.io, error reference). */
const UNREACHED = ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037'];

/** The name of an error that the framework or the database threw; undefined for one that has none. */
export function recogniseHttpError(thrown: unknown, request: FastifyRequest): DomainError | undefined {
  if (isDatabaseUnavailable(thrown)) {
    return new DomainError(
      'unavailable',
      'DATABASE_UNAVAILABLE',
      'PostgreSQL does not answer. Check that it runs and that DATABASE_URL names it, then try again.',
      { retryAfterSeconds: 5 },
    );
  }
  if (thrown instanceof ServiceUnavailableException) {
    const { code = 'NOT_READY', detail = thrown.message } = thrown.getResponse() as { code?: string; detail?: string };
    return new DomainError('unavailable', code, detail, { cause: thrown });
  }
  if (thrown instanceof HttpException && thrown.getStatus() === 404) {
    return routeNotFound(`${request.method} ${request.url.split('?')[0]}`);
  }
  const { code = '', statusCode } = fastifyError(thrown);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new DomainError('invalid', 'BODY_TOO_LARGE', `The body is longer than ${BODY_LIMIT_BYTES} bytes.`);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new DomainError('invalid', 'MEDIA_TYPE_UNSUPPORTED', 'Send the body as "Content-Type: application/json".');
  }
  if (code.startsWith('FST_ERR_CTP_')) {
    return new DomainError('invalid', 'BODY_NOT_JSON', 'The body is empty, or is no JSON that is read here.');
  }
  if (statusCode === 400) {
    return new DomainError('invalid', 'REQUEST_MALFORMED', 'The address or the body of the request cannot be read.');
  }
  return undefined;
}

/** Nest hands on what Fastify threw as the cause of an exception of its own. */
function fastifyError(thrown: unknown): { code?: string; statusCode?: number } {
  return (thrown instanceof HttpException ? thrown.cause : thrown) ?? {};
}

function isDatabaseUnavailable(thrown: unknown): boolean {
  if (thrown instanceof Prisma.PrismaClientInitializationError) return true;
  const { code = '', message = '' } = (thrown ?? {}) as { code?: string; message?: string };
  return (
    UNREACHED.includes(code) ||
    /ECONNREFUSED|Connection terminated|timeout exceeded when trying to connect/.test(`${code} ${message}`)
  );
}
