import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { readSettings } from '../core/settings.js';
import { SignupModule } from './signup.module.js';

const settings = readSettings(process.env);
const app = await NestFactory.create<NestFastifyApplication>(SignupModule.forRoot(settings), new FastifyAdapter(), {
  // The signature of a webhook is of the body as it came, byte by byte.
  rawBody: true,
  logger: ['warn', 'error'],
});
await app.listen(settings.port, '127.0.0.1');
console.log(`listening at ${await app.getUrl()}`);
