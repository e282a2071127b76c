import type { Database } from './database.js';
import { listMigrations } from './migration-files.js';

/** Names of migrations this program brings that the database lacks. Throws when the database does not answer. */
export async function findPendingMigrations(database: Database): Promise<string[]> {
  const exists = await database.client.$queryRaw<{ table: string | null }[]>`
    SELECT to_regclass('_prisma_migrations')::text AS table`;
  if (exists[0]?.table === null) return listMigrations();
  const applied = await database.client.$queryRaw<{ name: string }[]>`
    SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;
  return listMigrations().filter((name) => !applied.some((row) => row.name === name));
}
