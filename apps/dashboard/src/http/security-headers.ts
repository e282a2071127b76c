import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PagePolicy } from '../page/page-policy.js';

const HSTS_SECONDS = 63_072_000;

/** Security headers on every reply; the page widens its content security policy by the nonce of its styles. */
export async function setSecurityHeaders(app: NestFastifyApplication, policy: PagePolicy): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: false,
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    strictTransportSecurity: policy.production ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (_request, reply, done) => {
      reply.header('content-security-policy', policy.contentSecurityPolicy());
      reply.header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
      // Operators' data; files of the page, which are anyone's, say otherwise.
      reply.header('cache-control', 'no-store');
      done();
    });
}
