import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, NestLogger, type RunningProcess } from '@app/platform';
import type { Logger } from 'pino';
import { parseWorkerConfig } from './worker.config.js';
import { WorkerModule } from './worker.module.js';

/** Starts the worker as `env` says; its URL answers `/livez` and `/readyz` only. */
export async function startWorker(env: NodeJS.ProcessEnv, options: { logger?: Logger } = {}): Promise<RunningProcess> {
  const config = parseWorkerConfig(env);
  const logger = options.logger ?? createLogger('worker', config.LOG_LEVEL);
  const app = await NestFactory.create<NestFastifyApplication>(
    WorkerModule.forRoot(config, logger),
    new FastifyAdapter({ forceCloseConnections: true }),
    { logger: new NestLogger(logger), abortOnError: false },
  );
  try {
    await app.listen(config.PORT, config.HOST);
  } catch (error) {
    await app.close();
    throw error;
  }
  const url = await app.getUrl();
  logger.info({ url, concurrency: config.WORKER_CONCURRENCY }, 'The worker is up.');
  return { url, close: () => app.close() };
}
