import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, Secret } from '@app/platform';
import { PostgresServer } from '../../apps/quickstart/src/postgres-server.js';

/** Starts a PostgreSQL to be thrown away, with the template that test databases are copied from; resolves with what ends it. */
export async function startPostgres(): Promise<() => Promise<void>> {
  const parent = await mkdtemp(join(tmpdir(), 'provisioner-fuzz-'));
  // Root runs PostgreSQL as another user, who must be able to pass through.
  await chmod(parent, 0o711);
  const password = new Secret('postgres');
  const server = await PostgresServer.start({ folder: join(parent, 'postgres'), password, settings: ['fsync=off'] });
  await migrate(await server.ensureDatabase('provisioner_template'));
  process.env.TEST_POSTGRES_URL = `postgres://postgres:postgres@127.0.0.1:${server.port}`;
  return async () => {
    await server.stop();
    await rm(parent, { recursive: true, force: true });
  };
}
