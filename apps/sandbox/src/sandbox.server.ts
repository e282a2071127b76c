import { STATUS_CODES } from 'node:http';
import { fastify, type FastifyError, type FastifyInstance, LogController } from 'fastify';
import { errorEnvelope, QlikError } from './qlik-error.js';

/** The HTTP server without routes: JSON and form bodies, Qlik's envelope for every error, no connection held up by a close. */
export function createServer(log: boolean | string): FastifyInstance {
  const app = fastify({
    logger: log === false ? false : { level: log === true ? 'info' : log },
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 512 },
  });
  readBodies(app);
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send(errorEnvelope(404, 'HTTP-404', 'Not found', 'There is no such resource')),
  );
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof QlikError) return reply.status(error.status).headers(error.headers).send(error.envelope());
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) {
      return reply
        .status(status)
        .send(errorEnvelope(status, `HTTP-${status}`, STATUS_CODES[status] ?? 'Bad request', error.message));
    }
    request.log.error({ err: error }, 'The sandbox failed to answer a request');
    return reply.status(500).send(errorEnvelope(500, 'HTTP-500', 'Internal server error'));
  });
  return app;
}

function readBodies(app: FastifyInstance): void {
  const json = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  // Callers send the content type on requests without a body too, as Qlik's own examples do.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void json(request, body as string, done);
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body as string)));
  });
}
