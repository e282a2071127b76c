import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { startHttpApp } from '@app/http';
import { createLogger, type RunningProcess } from '@app/platform';
import type { Logger } from 'pino';
import { parseDashboardConfig } from './dashboard.config.js';
import { DashboardModule } from './dashboard.module.js';
import { setSecurityHeaders } from './http/security-headers.js';
import { PagePolicy } from './page/page-policy.js';
import { findWebBuild } from './page/web-build.js';
import { serveWebFiles } from './page/web-files.js';

/** Where `vite build` puts the page, seen from this file once it is built itself. */
const WEB_FOLDER = fileURLToPath(new URL('../web', import.meta.url));

/** The longest body that is read, in bytes: a reason, or the token of a login link. */
const BODY_LIMIT_BYTES = 16 * 1024;

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
  const dashboard = await startHttpApp(DashboardModule.forRoot({ config, logger, policy, web }), {
    host: config.HOST,
    port: config.PORT,
    logger,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    requestLog: {
      // An open page asks for the latter.
      quietRoutes: /^\/(livez|readyz|assets|api\/(overview|runs|customers|pauses))/,
      whoAsks: (request) => ({ operator: request.operatorSession?.operator }),
    },
    prepare: async (app) => {
      await setSecurityHeaders(app, policy);
      if (web !== undefined) await serveWebFiles(app, web.folder);
    },
  });
  logger.info({ url: dashboard.url }, 'The dashboard is up.');
  return dashboard;
}
