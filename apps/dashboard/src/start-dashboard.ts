import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { createLogger, NestLogger, type RunningProcess } from '@app/platform';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { parseDashboardConfig } from './dashboard.config.js';
import { DashboardModule } from './dashboard.module.js';
import { makeFastifyAdapter } from './http/fastify-adapter.js';
import { closeGracefully } from './http/graceful-close.js';
import { logRequests } from './http/request-log.js';
import { followRequests } from './http/request-trace.js';
import { setSecurityHeaders } from './http/security-headers.js';
import { PagePolicy } from './page/page-policy.js';
import { findWebBuild } from './page/web-build.js';
import { serveWebFiles } from './page/web-files.js';

/** Where `vite build` puts the page, seen from this file once it is built itself. */
const WEB_FOLDER = fileURLToPath(new URL('../web', import.meta.url));

/** What may be given in place of what a process of its own would take. */
export interface DashboardOptions {
  logger?: Logger;
  /** The folder with the built page. */
  webFolder?: string;
}

/** Starts the operators' dashboard as `env` says; without a built page it serves all but that, and says so there. */
export async function startDashboard(env: NodeJS.ProcessEnv, options: DashboardOptions = {}): Promise<RunningProcess> {
  const config = parseDashboardConfig(env);
  const logger = options.logger ?? createLogger('dashboard', config.LOG_LEVEL);
  const policy = new PagePolicy(config.NODE_ENV === 'production');
  const web = await findWebBuild(options.webFolder ?? WEB_FOLDER);
  if (web === undefined) logger.warn('The page has not been built: run "npm run build".');
  const adapter = makeFastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(
    DashboardModule.forRoot({ config, logger, policy, web }),
    adapter,
    // Fastify's own parsers: JSON alone, within the body limit.
    { logger: new NestLogger(logger), bodyParser: false, abortOnError: false },
  );
  try {
    const fastify = adapter.getInstance();
    fastify.removeContentTypeParser('text/plain');
    followRequests(fastify);
    logRequests(fastify, logger);
    closeGracefully(fastify);
    await setSecurityHeaders(app, policy);
    if (web !== undefined) await serveWebFiles(app, web.folder);
    await app.listen({ port: config.PORT, host: config.HOST });
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  logger.info({ url }, 'The dashboard is up.');
  let closed: Promise<void> | undefined;
  return { url, close: () => (closed ??= app.close()) };
}
