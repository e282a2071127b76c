import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/** Asked every few seconds, by an orchestrator or by an open page. */
const QUIET_ROUTES = /^\/(livez|readyz|assets|api\/(overview|runs|customers))/;

/** One line per request when it is answered: route pattern, never the address itself, which may hold what was searched for. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      requestId: request.id,
      operator: request.operatorSession?.operator,
    };
    const quiet = request.method === 'GET' && reply.statusCode < 400 && QUIET_ROUTES.test(route);
    logger[quiet ? 'debug' : 'info'](line, 'Request answered');
    done();
  });
}
