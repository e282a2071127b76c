import { migrate, type Secret } from '@app/platform';
import { migrateQueue } from '@app/queue';

/** Applies what the database lacks of our tables and of the queue's; resolves to the names of our migrations that were applied. */
export async function applyMigrations(databaseUrl: Secret): Promise<string[]> {
  const applied = await migrate(databaseUrl);
  await migrateQueue(databaseUrl);
  return applied;
}
