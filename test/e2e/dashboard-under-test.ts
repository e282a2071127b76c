import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorLogins } from '@app/access';
import { AuditTrail } from '@app/audit';
import type { Database, RunningProcess, Secret } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { pino } from 'pino';
import { startDashboard } from '../../apps/dashboard/src/start-dashboard.js';
import { createTestDatabase } from '../test-database.js';

/** The dashboard on a database of its own, with the page as its source is now. */
export interface DashboardUnderTest {
  url: string;
  database: Database;
  databaseUrl: Secret;
  /** Every line logged so far. */
  logged(): string;
  /** A link that lets an operator in once. */
  makeLoginLink(operator: string): Promise<string>;
  close(): Promise<void>;
}

/** Builds the page and starts the dashboard in this process on a free port. */
export async function startDashboardUnderTest(env: NodeJS.ProcessEnv = {}): Promise<DashboardUnderTest> {
  const webFolder = await mkdtemp(join(tmpdir(), 'provisioner-page-'));
  const vite = ['node_modules/vite/bin/vite.js', 'build', 'apps/dashboard/web', '--outDir', webFolder, '--emptyOutDir'];
  await promisify(execFile)(process.execPath, vite, { env: { ...process.env, NODE_ENV: 'production' } });
  const { url: databaseUrl, database, close } = await createTestDatabase();
  await migrateQueue(databaseUrl);
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const dashboard: RunningProcess = await startDashboard(
    { DATABASE_URL: databaseUrl.reveal(), PORT: '0', NODE_ENV: 'test', ...env },
    { logger, webFolder },
  );
  return {
    url: dashboard.url,
    database,
    databaseUrl,
    logged: () => lines.join(''),
    makeLoginLink: async (operator) => {
      const logins = new OperatorLogins(database, new AuditTrail(database));
      const token = await logins.createLink({ operator, actor: 'test', ttlSeconds: 600 });
      return `${dashboard.url}/login#${token.reveal()}`;
    },
    close: async () => {
      await dashboard.close();
      await close();
      await rm(webFolder, { recursive: true, force: true });
    },
  };
}
