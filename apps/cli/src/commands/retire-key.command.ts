import { KeyEncryptionKeys, type ListedKeyEncryptionKey } from '@app/vault';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { withKeys } from '../with-keys.js';

/** `keys retire`: whether a key may be removed from the configuration. It only looks; ends with 3 when the key is needed. */
export function addRetireKey(parent: Command, { env, print, foundProblem }: CommandContext): void {
  parent
    .command('retire')
    .description('check that nothing needs a key any more, so that it may be removed; ends with 3 while it is needed')
    .argument('<id>', 'as keys list shows it')
    .action(async (id: string) => {
      const key = await withKeys(env, (database, keys) => new KeyEncryptionKeys(database, keys).get(id));
      const removable = key.state !== 'current' && key.dataKeys === 0;
      print({ ...key, removable }, describe(key));
      if (!removable) foundProblem();
    });
}

function describe({ id, state, dataKeys }: ListedKeyEncryptionKey): string {
  if (state === 'current') {
    return `"${id}" is the current key: it wraps every new data key. Put another key before it in every process, restart them, and run keys rotate.`;
  }
  if (state === 'missing') {
    return `"${id}" is needed by ${dataKeys} data keys and is not configured: give it back to every process, then run keys rotate.`;
  }
  if (dataKeys > 0) return `"${id}" is needed by ${dataKeys} data keys: run keys rotate, then ask again.`;
  return (
    `No data key needs "${id}". Remove it from the configuration of every process once none has it first.\n` +
    'Keep the key itself for as long as you keep backups of the database from before now: only it opens them.'
  );
}
