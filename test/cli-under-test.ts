import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Database } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { createTestDatabase } from './test-database.js';

const MAIN = join(import.meta.dirname, '../dist/apps/cli/src/main.js');

/** How a command ended: `code` is null where a signal ended it. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command under way. */
export interface Running {
  /** Resolves once what it wrote matches. */
  says(pattern: RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  ended: Promise<Ended>;
}

/** The built CLI on a database of its own, with its queue in PostgreSQL. */
export interface CliUnderTest {
  database: Database;
  databaseUrl: string;
  /** One statement on the database, as a person would make it. */
  query(sql: string, values?: unknown[]): Promise<void>;
  start(args: readonly string[], env?: NodeJS.ProcessEnv, input?: string): Running;
  run(args: readonly string[], env?: NodeJS.ProcessEnv, input?: string): Promise<Ended>;
  close(): Promise<void>;
}

/** Makes the database; each command is a process of its own. */
export async function cliUnderTest(): Promise<CliUnderTest> {
  const { url, database, close } = await createTestDatabase();
  await migrateQueue(url);
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Running => {
    const surroundings = { PATH: process.env.PATH, DATABASE_URL: url.reveal(), ...env };
    const child = spawn(process.execPath, [MAIN, ...args], { env: surroundings });
    const written = { stdout: '', stderr: '' };
    const hearers = new Set<() => void>();
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        written[stream] += text;
        for (const hear of hearers) hear();
      });
    }
    child.stdin.on('error', () => undefined).end(input);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject).on('close', (code) => resolve({ code, ...written }));
    });
    const says = (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const hear = (): void => {
          if (pattern.test(written.stdout + written.stderr)) resolve();
        };
        hearers.add(hear);
        hear();
        void ended.then(
          () => reject(new Error(`It ended without saying ${pattern}: ${JSON.stringify(written)}`)),
          reject,
        );
      });
    return { says, signal: (signal) => void child.kill(signal), ended };
  };
  return {
    database,
    databaseUrl: url.reveal(),
    query: async (sql, values) => {
      const client = new Client({ connectionString: url.reveal() });
      await client.connect();
      try {
        await client.query(sql, values);
      } finally {
        await client.end();
      }
    },
    start,
    run: (args, env, input) => start(args, env, input).ended,
    close,
  };
}
