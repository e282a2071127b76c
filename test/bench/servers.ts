import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, migrate, Secret } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { PostgresServer } from '../../apps/quickstart/src/postgres-server.js';
import { makeApiKey } from '../api-key.js';
import { startRedis } from '../redis-server.js';

/** What a bench's processes need: the client of the region `eu`, and a key of the API. */
export interface BenchServers {
  databaseUrl: Secret;
  /** Where PostgreSQL keeps its files, its log among them. */
  postgresFolder: string;
  apiKey: string;
  /** For api and worker, but for where Qlik is. */
  env: Record<string, string>;
  /** As QLIK_PARENT_CLIENTS has it. */
  parentClients: string;
}

/** Starts PostgreSQL, migrated, and Redis if that is the backend, both with every write on disk; adds to `close` what ends them. */
export async function startServers(backend: string, close: (() => Promise<unknown>)[]): Promise<BenchServers> {
  const parent = await mkdtemp(join(tmpdir(), 'provisioner-bench-'));
  close.push(() => rm(parent, { recursive: true }));
  // Root runs PostgreSQL as another user, who must be able to pass through.
  await chmod(parent, 0o711);
  const postgresFolder = join(parent, 'postgres');
  const postgres = await PostgresServer.start({
    folder: postgresFolder,
    password: new Secret(randomBytes(16).toString('hex')),
  });
  close.push(() => postgres.stop());
  const databaseUrl = await postgres.ensureDatabase('bench');
  await migrate(databaseUrl);
  await migrateQueue(databaseUrl);
  const redis = backend === 'redis' ? await startRedis({ appendOnly: true }) : undefined;
  if (redis !== undefined) close.push(() => redis.stop());
  const database = new Database({ url: databaseUrl, maxConnections: 2 });
  const apiKey = await makeApiKey(database);
  await database.onApplicationShutdown();
  return {
    databaseUrl,
    postgresFolder,
    apiKey,
    parentClients: JSON.stringify({ eu: { clientId: 'parent', clientSecret: 'parent' } }),
    env: {
      NODE_ENV: 'development',
      API_REQUESTS_PER_MINUTE: '0',
      DATABASE_URL: databaseUrl.reveal(),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url.reveal() }),
      LOCAL_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    },
  };
}
