import { API_KEY_DEFAULT_OVERLAP_MS, API_KEY_MAX_LIFETIME_MS, API_KEY_MAX_OVERLAP_MS } from '@app/access';
import { type Command, Option } from 'commander';
import { aligned } from '../aligned.js';
import { CLI_ACTOR, openApiKeys } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { durationUpTo } from '../duration.js';
import { withDatabase } from '../with-database.js';

interface ReplaceApiKeyOptions {
  overlap: number;
  expires: number;
}

/** `api-keys replace`: makes a second key like the first, shows it, this once, and lets the first one end. */
export function addReplaceApiKey(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('replace')
    .description('make a second key like this one and show it, this once; the old one ends after the overlap')
    .argument('<id>', 'of the old key, as api-keys list shows it')
    .addOption(
      new Option('--overlap <duration>', 'how long the old key stays: 30m, 12h, 7d; at most 30d')
        .argParser(durationUpTo(API_KEY_MAX_OVERLAP_MS))
        .default(API_KEY_DEFAULT_OVERLAP_MS, '7d'),
    )
    .addOption(
      new Option('--expires <duration>', 'after which the new key ends: 30m, 12h, 90d; at most 366d')
        .argParser(durationUpTo(API_KEY_MAX_LIFETIME_MS))
        .default(90 * 86_400_000, '90d'),
    )
    .action(async (oldId: string, { overlap, expires }: ReplaceApiKeyOptions) => {
      const request = { overlapMs: overlap, expiresAt: new Date(Date.now() + expires), actor: CLI_ACTOR };
      const { id, key, expiresAt, replaces } = await withDatabase(env, (database) =>
        openApiKeys(database).replace(oldId, request),
      );
      const shown = key.reveal();
      const lines = [
        ['id', id],
        ['key', shown],
        ['expires', expiresAt.toISOString()],
        ['old key ends', replaces.expiresAt.toISOString()],
      ];
      print({ id, key: shown, replaces }, `${aligned(lines)}\nKeep the key now: it is not shown again.`);
    });
}
