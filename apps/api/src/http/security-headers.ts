import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastify } from 'fastify';

/** What every answer has of its own. */
const OWN_HEADERS = ['connection', 'content-length', 'content-type', 'date'];

/** Security headers on every reply. The page at /docs alone may use inline styles, which Swagger UI needs. */
export async function setSecurityHeaders(app: NestFastifyApplication): Promise<void> {
  const headers = await helmetHeaders();
  const policy = String(headers['content-security-policy']);
  const ofDocs = {
    ...headers,
    'content-security-policy': policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
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
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
  sample.get('/', () => '');
  const { headers } = await sample.inject('/');
  await sample.close();
  const theirs = Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name));
  return Object.fromEntries(theirs.map(([name, value]) => [name, String(value)]));
}
