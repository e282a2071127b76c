import { continueTrace, type RequestContext, withRequestContext } from '@app/platform';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    trace: RequestContext;
  }
}

/** Gives each request its id and a trace, tells the page the id, and lets log lines and audit events see both. */
export function followRequests(fastify: FastifyInstance): void {
  fastify.decorateRequest('trace');
  fastify.addHook('onRequest', (request, reply, done) => {
    request.trace = { requestId: request.id, traceparent: continueTrace(undefined) };
    reply.header('x-request-id', request.id);
    withRequestContext(request.trace, done);
  });
  // Once more: a body is read in the events of its socket, outside of what the first hook began.
  fastify.addHook('preValidation', (request, _reply, done) => withRequestContext(request.trace, done));
}
