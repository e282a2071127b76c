import type { Command } from 'commander';
import { showWebhookEndpoint } from '../../../api/src/webhook-endpoints/webhook-endpoint.schema.js';
import type { CommandContext } from '../command-context.js';
import { tellFacts } from '../facts.js';
import { readId } from '../read-id.js';
import { withWebhooks } from '../with-webhooks.js';

/** `webhooks show`: one webhook endpoint, without its secret. */
export function addShowWebhook(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('show')
    .description('show one webhook endpoint')
    .argument('<endpoint>', 'its id, as webhooks list shows it', readId)
    .action(async (id: string) => {
      const endpoint = showWebhookEndpoint(await withWebhooks(env, { seals: false }, ({ reader }) => reader.get(id)));
      print(endpoint, tellFacts(endpoint));
    });
}
