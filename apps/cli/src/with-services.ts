import 'reflect-metadata';
import { ConfigurationError, loggerOptions, parseConfig } from '@app/platform';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { cliSettings } from './cli.config.js';
import { CliModule, type CliNeeds } from './cli.module.js';
import type { CommandContext } from './command-context.js';
import { readDatabaseUrl } from './with-database.js';

/** Gives the services of customers and runs, by their class. */
export type Services = Pick<INestApplicationContext, 'get'>;

/** Lends `work` the services for what only reads. Throws as `readDatabaseUrl` does. */
export const withReaders = <T>(context: CommandContext, work: (services: Services) => Promise<T>): Promise<T> =>
  withServices(context, { wakes: false, seals: false }, work);

/** Lends `work` the services, sends the wake-ups it left, and closes everything. Throws as `readDatabaseUrl` does, and QUEUE_BACKEND_MISMATCH or QUEUE_NOT_MIGRATED; a queue that does not answer is only told. */
export async function withServices<T>(
  { env, note }: CommandContext,
  needs: CliNeeds,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const config = parseConfig(cliSettings, env);
  if (needs.seals && config.KEY_PROVIDER === 'local' && config.LOCAL_KEYS === undefined) {
    throw new ConfigurationError(
      'LOCAL_KEYS: is missing; a client secret is sealed with what the API and the workers have. In development they have it in a file: LOCAL_KEYS_FILE=.data/local-keys',
    );
  }
  await readDatabaseUrl(env);
  const logger = pino(loggerOptions('cli', 'warn'), {
    write: (line) => note((JSON.parse(line) as { msg: string }).msg),
  });
  const app = await NestFactory.createApplicationContext(CliModule.forRoot(config, logger, needs), {
    logger: false,
    abortOnError: false,
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
