import { continueTrace, type RequestContext, withRequestContext } from '@app/platform';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Its id and W3C trace. */
    requestTrace: RequestContext;
  }
}

/** Gives each request its id and trace, tells the caller the id, and lets log lines and audit events see both. */
export function followRequests(fastify: FastifyInstance): void {
  fastify.decorateRequest('requestTrace');
  fastify.addHook('onRequest', (request, reply, done) => {
    const traceparent = request.headers.traceparent;
    request.requestTrace = {
      requestId: request.id,
      traceparent: continueTrace(typeof traceparent === 'string' ? traceparent : undefined),
    };
    reply.header('x-request-id', request.id);
    withRequestContext(request.requestTrace, done);
  });
}
