import 'reflect-metadata';
import { startHttpApp } from '@app/http';
import { createLogger, type RunningProcess } from '@app/platform';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AccessCheck } from './access/access-check.js';
import { challengeCallers } from './access/bearer-challenge.js';
import { RequestLimits } from './access/request-limits.js';
import { readApiConfig } from './api.config.js';
import { ApiModule } from './api.module.js';
import { setSecurityHeaders } from './http/security-headers.js';
import { serveOpenApi } from './openapi/openapi-document.js';

/** The longest body that is read, in bytes. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** Of a batch: 1,000 customers of 32 KiB, which is one with every field full, in ASCII. */
const BATCH_LIMIT_BYTES = 32 * 1024 * 1024;

/** Starts the API as `env` says; throws ConfigurationError, a DomainError that says what is wrong, or what listening throws. */
export async function startApi(env: NodeJS.ProcessEnv, options: { logger?: Logger } = {}): Promise<RunningProcess> {
  const config = readApiConfig(env);
  const logger = options.logger ?? createLogger('api', config.LOG_LEVEL);
  const api = await startHttpApp(ApiModule.forRoot(config, logger), {
    host: config.HOST,
    port: config.PORT,
    logger,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    trustedProxies: config.TRUSTED_PROXIES,
    longestWorkMs: config.tokenDeadlineMs,
    requestLog: {
      quietRoutes: /^\/(livez|readyz)$/,
      whoAsks: (request) => ({ callerId: request.caller?.id }),
    },
    prepare: async (app) => {
      const fastify = app.getHttpAdapter().getInstance();
      challengeCallers(fastify);
      app.get(RequestLimits).announce(fastify);
      await setSecurityHeaders(app);
      app.get(AccessCheck).guard(fastify);
      allowLongBatches(fastify);
      serveOpenApi(app, config.PUBLIC_URL);
    },
  });
  logger.info({ url: api.url }, 'API is listening');
  return api;
}

function allowLongBatches(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (route.method === 'POST' && route.url === '/v1/customers/batch') route.bodyLimit = BATCH_LIMIT_BYTES;
  });
}
