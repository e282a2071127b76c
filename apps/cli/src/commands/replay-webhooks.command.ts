import { type Command, InvalidArgumentError, Option } from 'commander';
import { toReplay, WebhookReplay } from '../../../api/src/webhook-endpoints/webhook-delivery.schema.js';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { accept } from '../mistakes.js';
import { readId } from '../read-id.js';
import { withWebhooks } from '../with-webhooks.js';

interface ReplayOptions {
  since?: string;
  until?: string;
  delivery?: string[];
}

/** `webhooks replay`: sends deliveries to a webhook endpoint again. */
export function addReplayWebhooks(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('replay')
    .description('send to a webhook endpoint again what it was sent, whether it had arrived or not')
    .argument('<endpoint>', 'its id, as webhooks list shows it', readId)
    .option('--since <instant>', 'all made at or after this one, such as 2026-01-31T00:00:00Z')
    .option('--until <instant>', 'with --since: those made before this one only')
    .addOption(
      new Option('--delivery <id...>', 'these, by the ids that webhooks deliveries shows').conflicts([
        'since',
        'until',
      ]),
    )
    .action(async (id: string, { since, until, delivery: deliveryIds }: ReplayOptions) => {
      if (since === undefined && deliveryIds === undefined)
        throw new InvalidArgumentError('Give --since or --delivery.');
      const replay = toReplay(accept(WebhookReplay, { since, until, deliveryIds }));
      const deliveries = await withWebhooks(env, { seals: false }, ({ replays }) =>
        replays.replay(id, replay, CLI_ACTOR),
      );
      print({ deliveries }, `Sent again: ${deliveries}. To see how it went: webhooks deliveries ${id}`);
    });
}
