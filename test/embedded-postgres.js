import { chmodSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../dist/apps/quickstart/src/postgres-server.js';
import { Secret } from '../dist/libs/platform/src/secret.js';

/** Starts a throw-away PostgreSQL on a free port; `stop()` ends it and removes its files. */
export async function startEmbeddedPostgres() {
  const parent = mkdtempSync(join(tmpdir(), 'provisioner-test-'));
  // Root runs PostgreSQL as another user, who must be able to pass through.
  chmodSync(parent, 0o711);
  const server = await PostgresServer.start({
    folder: join(parent, 'postgres'),
    password: new Secret('postgres'),
    // What is written here is thrown away: a crash of the machine may lose it.
    settings: ['fsync=off', 'max_connections=300'],
  });
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${server.port}`,
    folder: join(parent, 'postgres'),
    createDatabase: (name) => server.ensureDatabase(name),
    stop: async () => {
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}
