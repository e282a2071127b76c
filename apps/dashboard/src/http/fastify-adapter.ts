import { randomUUID } from 'node:crypto';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** The longest body that is read, in bytes: a reason, or the token of a login link. */
export const BODY_LIMIT_BYTES = 16 * 1024;

/** Fastify as the dashboard uses it: its limits, and a request id of our own making. */
export function makeFastifyAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    /** A whole request must have arrived by then, however slowly it is sent. */
    requestTimeout: 30_000,
    /** A connection on which nothing moves. */
    connectionTimeout: 60_000,
    /** Longer than the 60 s of the usual load balancer, which so is the one to end it. */
    keepAliveTimeout: 72_000,
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 200 },
  });
}
