import type { Command } from 'commander';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { readId } from '../read-id.js';
import { withWebhooks } from '../with-webhooks.js';

/** `webhooks test`: sends a webhook endpoint a test event. */
export function addTestWebhook(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('test')
    .description('send a webhook endpoint an event of the type webhook.test, whatever types it gets')
    .argument('<endpoint>', 'its id, as webhooks list shows it', readId)
    .action(async (id: string) => {
      const deliveryId = await withWebhooks(env, { seals: false }, ({ replays }) => replays.test(id, CLI_ACTOR));
      print(
        { deliveryId },
        `The test "${deliveryId}" is sent within seconds. To see how it went: webhooks deliveries ${id}`,
      );
    });
}
