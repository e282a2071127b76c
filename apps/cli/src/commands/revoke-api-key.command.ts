import type { Command } from 'commander';
import { CLI_ACTOR, openApiKeys } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { withDatabase } from '../with-database.js';

/** `api-keys revoke`: takes a key back, at once. */
export function addRevokeApiKey(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('revoke')
    .description('take a key back: it is refused at once')
    .argument('<id>', 'as api-keys list shows it')
    .action(async (id: string) => {
      await withDatabase(env, (database) => openApiKeys(database).revoke(id, CLI_ACTOR));
      print({ id, state: 'revoked' }, `The API key "${id}" is revoked.`);
    });
}
