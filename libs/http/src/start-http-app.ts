import { NestLogger, type RunningProcess } from '@app/platform';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { type FastifyOptions, makeFastifyAdapter } from './fastify-adapter.js';
import { closeGracefully } from './graceful-close.js';
import { logRequests, type RequestLogOptions } from './request-log.js';
import { followRequests } from './request-trace.js';

/** What a process that answers HTTP says of itself. */
export interface HttpAppOptions extends FastifyOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  logger: Logger;
  requestLog: RequestLogOptions;
  /** Adds what this process serves beside its controllers, before it listens. */
  prepare: (app: NestFastifyApplication) => Promise<void>;
}

/** Serves `module`; throws what its start or listening throws, and leaves nothing open then. */
export async function startHttpApp(module: DynamicModule, options: HttpAppOptions): Promise<RunningProcess> {
  const { host, port, logger } = options;
  const adapter = makeFastifyAdapter(options);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(logger),
    // Fastify's own parser of JSON, within the body limit.
    bodyParser: false,
    abortOnError: false,
  });
  try {
    const fastify = adapter.getInstance();
    followRequests(fastify);
    logRequests(fastify, logger, options.requestLog);
    closeGracefully(fastify);
    await options.prepare(app);
    await app.listen({ port, host });
  } catch (error) {
    await app.close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  return { url: listeningUrl(app, host), close: () => (closed ??= app.close()) };
}

function listeningUrl(app: NestFastifyApplication, host: string): string {
  const { port } = app.getHttpServer().address() as { port: number };
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
