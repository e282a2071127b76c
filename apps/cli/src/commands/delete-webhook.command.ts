import type { Command } from 'commander';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { readId } from '../read-id.js';
import { withWebhooks } from '../with-webhooks.js';

/** `webhooks delete`: removes a webhook endpoint, with its log and its secrets. */
export function addDeleteWebhook(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('delete')
    .description('remove a webhook endpoint, with its log and its secrets')
    .argument('<endpoint>', 'its id, as webhooks list shows it', readId)
    .action(async (id: string) => {
      await withWebhooks(env, { seals: false }, ({ endpoints }) => endpoints.delete(id, CLI_ACTOR));
      print({ id, state: 'deleted' }, `The webhook endpoint "${id}" is removed.`);
    });
}
