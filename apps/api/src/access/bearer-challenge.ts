import type { FastifyInstance } from 'fastify';

/** Says with every 401 how to authenticate (RFC 6750, section 3): nothing but the scheme for a request without a key. */
export function challengeCallers(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    if (reply.statusCode === 401) {
      const offered = request.headers.authorization !== undefined;
      reply.header('www-authenticate', offered ? 'Bearer error="invalid_token"' : 'Bearer');
    }
    done();
  });
}
