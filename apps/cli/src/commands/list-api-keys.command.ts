import type { ListedApiKey } from '@app/access';
import type { Command } from 'commander';
import { aligned } from '../aligned.js';
import { openApiKeys } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { withDatabase } from '../with-database.js';

const HEADER = ['ID', 'STATE', 'EXPIRES', 'LAST USED', 'NAME', 'SCOPES'];

/** `api-keys list`: every key, newest first, without its secret. */
export function addListApiKeys(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('list')
    .description('show every key, newest first')
    .action(async () => {
      const keys = await withDatabase(env, (database) => openApiKeys(database).list());
      print({ keys }, keys.length === 0 ? 'There is no API key yet.' : aligned([HEADER, ...keys.map(rowOf)]));
    });
}

function rowOf(key: ListedApiKey): string[] {
  return [key.id, key.state, minute(key.expiresAt), minute(key.lastUsedAt), key.name, key.scopes.join(',')];
}

function minute(time: Date | null): string {
  return time === null ? 'never' : `${time.toISOString().slice(0, 16)}Z`;
}
