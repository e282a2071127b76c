import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { describeIssue } from './request-body.js';
import { organisationClientSchema, parentClientsSchema, type SandboxOptions } from './sandbox-options.schema.js';
import { StartError } from './start-error.js';

const levelSchema = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);
const portSchema = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'is not a number' })
  .transform(Number)
  .pipe(z.int().max(65_535));

/** The options in the environment: PORT (4600), HOST (127.0.0.1), DATA_DIR, LOG_LEVEL (info), QLIK_PARENT_CLIENTS and QLIK_ORGANISATION_CLIENT, both also as `*_FILE`. A StartError names the key that is wrong, never its value. */
export function readConfig(env: NodeJS.ProcessEnv): SandboxOptions {
  const parentClients = read(env, 'QLIK_PARENT_CLIENTS', parentClientsSchema);
  if (parentClients === undefined) {
    throw new StartError(
      'QLIK_PARENT_CLIENTS is missing: set it to JSON such as {"eu": {"clientId": "…", "clientSecret": "…"}}.',
    );
  }
  return {
    port: check('PORT', env.PORT ?? '4600', portSchema),
    host: env.HOST ?? '127.0.0.1',
    dataDir: env.DATA_DIR,
    parentClients,
    organisationClient: read(env, 'QLIK_ORGANISATION_CLIENT', organisationClientSchema),
    log: check('LOG_LEVEL', env.LOG_LEVEL ?? 'info', levelSchema),
  };
}

function read<T extends z.ZodType>(env: NodeJS.ProcessEnv, key: string, schema: T): z.output<T> | undefined {
  const fileKey = `${key}_FILE`;
  const path = env[fileKey];
  if (path !== undefined && env[key] !== undefined) throw new StartError(`Set ${key} or ${fileKey}, not both.`);
  const text = path === undefined ? env[key] : readSecretFile(fileKey, path);
  if (text === undefined) return undefined;
  return check(key, parseJson(key, text), schema);
}

function readSecretFile(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new StartError(`${key} names a file that cannot be read.`);
  }
}

function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new StartError(`${key} is not JSON.`);
  }
}

function check<T extends z.ZodType>(key: string, value: unknown, schema: T): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new StartError(`${key} is not valid: ${describeIssue(result.error, 'value')}.`);
}
