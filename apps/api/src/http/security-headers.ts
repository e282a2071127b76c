import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastify } from 'fastify';

/** What every answer has of its own. */
const OWN_HEADERS = ['connection', 'content-length', 'content-type', 'date'];

/** What guards an answer that is no page. The other headers of helmet are about what a page may do, or how it is opened. */
const NO_PAGE = [
  'cross-origin-resource-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
];

/**
 * Security headers on every reply: for the page at /docs all of helmet's, with the inline styles that Swagger UI needs; for everything else
 * those of OWASP's REST Security Cheat Sheet ("Security Headers"), and no leave to load or run anything.
 */
export async function setSecurityHeaders(app: NestFastifyApplication): Promise<void> {
  const ofDocs = await helmetHeaders();
  const headers = {
    ...Object.fromEntries(NO_PAGE.map((name) => [name, ofDocs[name]!])),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  };
  const instance = app.getHttpAdapter().getInstance();
  instance.addHook('onRequest', (request, reply, done) => {
    const { url } = request;
    const isDocs = url.startsWith('/docs') && /^\/docs(?:[/?]|$)/.test(url);
    reply.headers(isDocs ? ofDocs : headers);
    done();
  });
}

/** They are the same for every reply, and helmet works them out anew for each: so it is asked once. */
async function helmetHeaders(): Promise<Record<string, string>> {
  const sample = fastify();
  await sample.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
  });
  sample.get('/', () => '');
  const { headers } = await sample.inject('/');
  await sample.close();
  const theirs = Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name));
  return Object.fromEntries(theirs.map(([name, value]) => [name, String(value)]));
}
