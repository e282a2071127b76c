import { KeyEncryptionKeys } from '@app/vault';
import type { Command } from 'commander';
import { aligned } from '../aligned.js';
import type { CommandContext } from '../command-context.js';
import { withKeys } from '../with-keys.js';

const HEADER = ['ID', 'STATE', 'DATA KEYS'];

/** `keys list`: every key-encryption key that is configured or in use. */
export function addListKeys(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('list')
    .description('show every key that is configured or in use, and how many data keys it wraps')
    .action(async () => {
      const keys = await withKeys(env, (database, provider) => new KeyEncryptionKeys(database, provider).list());
      const rows = keys.map(({ id, state, dataKeys }) => [id, state, String(dataKeys)]);
      print({ keys }, aligned([HEADER, ...rows]));
    });
}
