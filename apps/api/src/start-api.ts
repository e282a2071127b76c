import 'reflect-metadata';
import { createLogger, NestLogger, type RunningProcess } from '@app/platform';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { readApiConfig } from './api.config.js';
import { ApiModule } from './api.module.js';
import { makeFastifyAdapter } from './http/fastify-adapter.js';
import { closeGracefully } from './http/graceful-close.js';
import { logRequests } from './http/request-log.js';
import { followRequests } from './http/request-trace.js';
import { setSecurityHeaders } from './http/security-headers.js';
import { serveOpenApi } from './openapi/openapi-document.js';

/** Starts the API as `env` says; throws ConfigurationError, a DomainError that says what is wrong, or what listening throws. */
export async function startApi(env: NodeJS.ProcessEnv, options: { logger?: Logger } = {}): Promise<RunningProcess> {
  const config = readApiConfig(env);
  const logger = options.logger ?? createLogger('api', config.LOG_LEVEL);
  const adapter = makeFastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.forRoot(config, logger), adapter, {
    logger: new NestLogger(logger),
    // Fastify's own parsers: JSON alone, within the body limit.
    bodyParser: false,
    abortOnError: false,
  });
  try {
    const fastify = adapter.getInstance();
    fastify.removeContentTypeParser('text/plain');
    followRequests(fastify);
    logRequests(fastify, logger);
    closeGracefully(fastify);
    await setSecurityHeaders(app);
    serveOpenApi(app, config.PUBLIC_URL);
    await app.listen({ port: config.PORT, host: config.HOST });
  } catch (error) {
    await app.close();
    throw error;
  }
  const url = listeningUrl(app, config.HOST);
  logger.info({ url }, 'API is listening');
  let closed: Promise<void> | undefined;
  return { url, close: () => (closed ??= app.close()) };
}

function listeningUrl(app: NestFastifyApplication, host: string): string {
  const { port } = app.getHttpServer().address() as { port: number };
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
