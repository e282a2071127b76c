import type { RequestContext } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

/** What the lines about requests say in one process and not in another. */
export interface RequestLogOptions {
  /** Patterns of routes that are asked every few seconds: when they are read with success, that is for debugging alone. */
  quietRoutes: RegExp;
  /** Fields that say who asks. */
  whoAsks: (request: FastifyRequest) => Record<string, string | undefined>;
}

/** One line per request when it is answered: route pattern, never the address itself, which may hold what was searched for. */
export function logRequests(fastify: FastifyInstance, logger: Logger, options: RequestLogOptions): void {
  // Each of their fields is named here and none is an object, so that there is nothing to search for secrets.
  const lines = logger.child({}, { redact: [] });
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
      ...options.whoAsks(request),
    };
    const quiet = request.method === 'GET' && reply.statusCode < 400 && options.quietRoutes.test(route);
    lines[quiet ? 'debug' : 'info'](line, 'Request answered');
    done();
  });
}
