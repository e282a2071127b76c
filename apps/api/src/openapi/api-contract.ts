import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { readApiConfig } from '../api.config.js';
import { ApiModule } from '../api.module.js';
import { makeDocument } from './openapi-document.js';

/** Enough to wire the API; nothing connects to it. */
const SETTINGS = {
  DATABASE_URL: 'postgresql://localhost/none',
  LOCAL_KEYS: `none:${Buffer.alloc(32).toString('base64')}`,
};

/** The OpenAPI document that this code serves, made without a database, a queue or a port: of the API only the wiring is read. */
export async function readApiContract(): Promise<OpenAPIObject> {
  const module = ApiModule.forRoot(readApiConfig(SETTINGS), pino({ level: 'silent' }));
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    // Nest makes no instance of anything.
    preview: true,
    logger: false,
    abortOnError: false,
  });
  return makeDocument(app, undefined);
}
