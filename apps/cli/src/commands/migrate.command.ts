import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { readDatabaseUrl } from '../with-database.js';

/** `migrate`: brings the database to this version; safe to run again, and by several at once. */
export function addMigrate(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('migrate')
    .description('bring the database to this version; safe to run again')
    .action(async () => {
      const databaseUrl = await readDatabaseUrl(env);
      // Loaded only here: the queue brings BullMQ, which no other command needs.
      const { applyMigrations } = await import('../apply-migrations.js');
      const applied = await applyMigrations(databaseUrl);
      print({ applied }, applied.length === 0 ? 'The database is up to date.' : `Applied:\n  ${applied.join('\n  ')}`);
    });
}
