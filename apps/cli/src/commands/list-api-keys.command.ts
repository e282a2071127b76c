import type { ApiKeyPage, ApiKeys, ListedApiKey } from '@app/access';
import type { Command } from 'commander';
import { aligned } from '../aligned.js';
import { openApiKeys } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { minute } from '../minute.js';
import { withDatabase } from '../with-database.js';

/** Keys that are read at once. */
const PAGE = 500;

const HEADER = ['ID', 'STATE', 'EXPIRES', 'LAST USED', 'NAME', 'SCOPES'];

/** `api-keys list`: every key, newest first, without its secret. */
export function addListApiKeys(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('list')
    .description('show every key, newest first')
    .action(async () => {
      const keys = await withDatabase(env, (database) => listAll(openApiKeys(database)));
      print({ keys }, keys.length === 0 ? 'There is no API key yet.' : aligned([HEADER, ...keys.map(rowOf)]));
    });
}

async function listAll(apiKeys: ApiKeys): Promise<ListedApiKey[]> {
  const keys: ListedApiKey[] = [];
  for (let cursor: string | undefined, page: ApiKeyPage; ; cursor = page.nextCursor) {
    page = await apiKeys.list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.keys);
    if (page.nextCursor === undefined) return keys;
  }
}

function rowOf(key: ListedApiKey): string[] {
  return [key.id, key.state, minute(key.expiresAt), minute(key.lastUsedAt), key.name, key.scopes.join(',')];
}
