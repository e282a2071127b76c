import type { RequestContext } from '@app/platform';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

const PROBES = ['/livez', '/readyz'];

/** One line per request when it is answered: route pattern, never the address itself, which may hold what a caller searched for. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    // No hook has seen a request whose address the router cannot read.
    const trace: RequestContext | undefined = request.requestTrace;
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      requestId: request.id,
      traceId: trace?.traceparent.slice(3, 35),
      callerId: request.caller?.id,
    };
    logger[PROBES.includes(route) ? 'debug' : 'info'](line, 'Request answered');
    done();
  });
}
