import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Secret } from './secret.js';

/** Bad configuration: one line per key, naming the key and never its value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** Reads the settings named in `shape` from `env`; every key may also be given as `<KEY>_FILE`, a path whose content is the value. Throws ConfigurationError. */
export function parseConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
): z.output<z.ZodObject<Shape>> {
  const input: Record<string, string> = {};
  const problems: string[] = [];
  for (const key of Object.keys(shape)) {
    const file = env[`${key}_FILE`];
    const value = env[key];
    if (file !== undefined && file !== '' && value !== undefined && value !== '') {
      problems.push(`${key}: is set twice, as ${key} and as ${key}_FILE; keep one`);
    } else if (file !== undefined && file !== '') {
      try {
        input[key] = readFileSync(file, 'utf8').trimEnd();
      } catch (error) {
        problems.push(`${key}_FILE: the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
      }
    } else if (value !== undefined && value !== '') {
      input[key] = value;
    }
  }
  const result = z.object(shape).safeParse(input, { reportInput: false });
  if (result.success && problems.length === 0) return result.data;
  const unread = new Set(problems.map((problem) => problem.split(/_FILE:|:/)[0]));
  for (const issue of result.error?.issues ?? []) {
    const key = String(issue.path[0]);
    if (unread.has(key)) continue;
    problems.push(`${key}: ${input[key] === undefined ? 'is missing' : issue.message}`);
  }
  throw new ConfigurationError(`The configuration is not usable.\n${problems.map((line) => `  ${line}`).join('\n')}`);
}

/** A whole number of at least `min`, given as text. */
export const integerSetting = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

/** A duration in seconds from `leastMs` to `mostMs`, fractions allowed, given as text; leaves the parser in milliseconds. */
export const durationSetting = (leastMs: 0 | 1, mostMs: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number of seconds')
    .transform((value) => Math.round(Number(value) * 1000))
    .refine(
      (value) => value >= leastMs && value <= mostMs,
      `must be ${leastMs === 0 ? '' : 'more than 0 and '}at most ${mostMs / 1000} seconds`,
    );

/** A duration of more than nothing and at most a day. */
export const secondsSetting = durationSetting(1, 86_400_000);

/** A setting whose value is JSON of the given schema. */
export const jsonSetting = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** The settings every process reads. */
export const processSettings = {
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  HOST: z.string().default('127.0.0.1'),
};

/** `DATABASE_URL` of PostgreSQL 14 or newer. */
export const databaseSettings = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
    .refine(
      (value) => URL.canParse(value),
      'must be postgresql://user:password@host:port/database; escape special characters of the password as %XX',
    )
    .transform((value) => new Secret(value)),
};
