import { API_KEY_MAX_LIFETIME_MS, isScope, scopes } from '@app/access';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { aligned } from '../aligned.js';
import { CLI_ACTOR, openApiKeys } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { durationUpTo } from '../duration.js';
import { withDatabase } from '../with-database.js';

interface CreateApiKeyOptions {
  name: string;
  scopes: string[];
  expires: number;
}

/** `api-keys create`: makes a key and shows it, this once. */
export function addCreateApiKey(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('create')
    .description('make a key and show it, this once')
    .requiredOption('--name <name>', 'the system that will use the key')
    .requiredOption('--scopes <scopes>', 'what the key allows, comma-separated', readScopes)
    .addOption(
      new Option('--expires <duration>', 'after which the key ends: 30m, 12h, 90d; at most 366d')
        .argParser(durationUpTo(API_KEY_MAX_LIFETIME_MS))
        .default(90 * 86_400_000, '90d'),
    )
    .addHelpText('after', `\nScopes:\n${scopeTable()}`)
    .action(async ({ name, scopes, expires }: CreateApiKeyOptions) => {
      const expiresAt = new Date(Date.now() + expires);
      const { id, key } = await withDatabase(env, (database) =>
        openApiKeys(database).create({ name, scopes, expiresAt, actor: CLI_ACTOR }),
      );
      const shown = key.reveal();
      const lines = [
        ['id', id],
        ['key', shown],
        ['expires', expiresAt.toISOString()],
      ];
      print({ id, key: shown }, `${aligned(lines)}\nKeep the key now: it is not shown again.`);
    });
}

function readScopes(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isScope(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`There is no scope "${unknown}". The scopes are: ${Object.keys(scopes).join(', ')}.`);
}

function scopeTable(): string {
  return aligned(Object.entries(scopes).map(([name, meaning]) => [`  ${name}`, meaning]));
}
