import type { Command } from 'commander';
import { applyMigrations } from '../apply-migrations.js';
import type { CommandContext } from '../command-context.js';
import { readDatabaseUrl } from '../with-database.js';

/** `migrate`: brings the database to this version; safe to run again, and by several at once. */
export function addMigrate(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('migrate')
    .description('bring the database to this version; safe to run again')
    .action(async () => {
      const applied = await applyMigrations(await readDatabaseUrl(env));
      print({ applied }, applied.length === 0 ? 'The database is up to date.' : `Applied:\n  ${applied.join('\n  ')}`);
    });
}
