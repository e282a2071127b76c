import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, migrate, type RunningProcess, Secret } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { startApi } from '../../api/src/start-api.js';
import { startDashboard } from '../../dashboard/src/start-dashboard.js';
import { startSandbox } from '../../sandbox/src/start-sandbox.js';
import { startWorker } from '../../worker/src/start-worker.js';
import { ensureApiKey } from './api-key.js';
import { lockFolder } from './folder-lock.js';
import { assertPortFree } from './free-port.js';
import { createLoginUrl } from './operator-login.js';
import { PostgresServer } from './postgres-server.js';
import type { QuickstartConfig } from './quickstart.config.js';
import { ensureCredentials } from './quickstart-credentials.js';

/** Where everything is, as `quickstart.json` in the data folder tells it. */
export interface Everything {
  apiUrl: string;
  apiKey: string;
  dashboardUrl: string;
  operatorLoginUrl: string;
  sandboxUrl: string;
  parentClient: { clientId: string; clientSecret: string };
  organisationClient: { clientId: string; clientSecret: string };
  databaseUrl: string;
  close(): Promise<void>;
}

/** Starts PostgreSQL, the sandbox, API, worker and dashboard in this process, on what earlier starts left in the data folder. */
export async function startEverything(config: QuickstartConfig): Promise<Everything> {
  const folder = config.DATA_DIR;
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(folder);
  const credentials = await ensureCredentials(folder);
  const { parentClient, organisationClient } = credentials;
  const started: Pick<RunningProcess, 'close'>[] = [{ close: unlock }];
  const close = async (): Promise<void> => {
    for (const part of started.reverse().splice(0)) await part.close();
  };
  try {
    for (const key of ['API_PORT', 'DASHBOARD_PORT', 'SANDBOX_PORT'] as const) await assertPortFree(key, config[key]);
    const postgres = await PostgresServer.start({
      folder: join(folder, 'postgres'),
      password: new Secret(credentials.databasePassword),
    });
    started.push({ close: () => postgres.stop() });
    const databaseUrl = await postgres.ensureDatabase('provisioner');
    await migrate(databaseUrl);
    await migrateQueue(databaseUrl);
    const logger = createLogger('quickstart', 'warn');
    const apiKey = await ensureApiKey(databaseUrl, folder, credentials, logger);

    const parentClients = { eu: parentClient };
    const sandbox = await startSandbox({
      port: config.SANDBOX_PORT,
      dataDir: join(folder, 'sandbox'),
      parentClients,
      organisationClient,
    });
    started.push(sandbox);
    const env = {
      ...config.handedOn,
      NODE_ENV: 'development',
      DATABASE_URL: databaseUrl.reveal(),
      DATA_DIR: folder,
      QLIK_ENDPOINT: sandbox.url,
      QLIK_PARENT_CLIENTS: JSON.stringify(parentClients),
      QLIK_REGIONS: 'eu',
      WEBHOOK_ALLOW_LOOPBACK: 'true',
    };
    const worker = await startWorker({ ...env, PORT: '0' }, { logger });
    started.push(worker);
    // No limit: the samples are watched more often than a caller should.
    const api = await startApi({ ...env, PORT: String(config.API_PORT), API_REQUESTS_PER_MINUTE: '0' }, { logger });
    started.push(api);
    const dashboard = await startDashboard({ ...env, PORT: String(config.DASHBOARD_PORT) }, { logger });
    started.push(dashboard);

    const where = {
      apiUrl: api.url,
      apiKey,
      dashboardUrl: dashboard.url,
      operatorLoginUrl: await createLoginUrl(databaseUrl, dashboard.url),
      sandboxUrl: sandbox.url,
      parentClient,
      organisationClient,
      databaseUrl: databaseUrl.reveal(),
    };
    await writeFile(join(folder, 'quickstart.json'), `${JSON.stringify(where, null, 2)}\n`, { mode: 0o600 });
    return { ...where, close };
  } catch (error) {
    await close();
    throw error;
  }
}
