import { WebhookDeliveryState } from '@app/platform';
import { TEST_EVENT, webhookEvents } from '@app/webhooks';
import { type Command, Option } from 'commander';
import {
  showWebhookDelivery,
  type WebhookDelivery,
  WebhookDeliveryFilter,
} from '../../../api/src/webhook-endpoints/webhook-delivery.schema.js';
import type { CommandContext } from '../command-context.js';
import { minute } from '../minute.js';
import { accept } from '../mistakes.js';
import { addPageOptions, type PageOptions, printPage } from '../page.js';
import { readId } from '../read-id.js';
import { withWebhooks } from '../with-webhooks.js';

interface ListDeliveriesOptions extends PageOptions {
  state?: string;
  type?: string;
}

const HEADER = ['ID', 'TYPE', 'STATE', 'TRIES', 'LAST TRY', 'NEXT TRY', 'CREATED'];

/** `webhooks deliveries`: a page of what was sent to a webhook endpoint, newest first. */
export function addListWebhookDeliveries(parent: Command, context: CommandContext): void {
  const command = parent
    .command('deliveries')
    .description('show what was sent to a webhook endpoint, newest first, a page at a time; --json has every try')
    .argument('<endpoint>', 'its id, as webhooks list shows it', readId)
    .addOption(new Option('--state <state>', 'only those in this state').choices(Object.values(WebhookDeliveryState)))
    .addOption(
      new Option('--type <type>', 'only those of this type').choices([TEST_EVENT, ...Object.keys(webhookEvents)]),
    );
  addPageOptions(command).action(async (id: string, options: ListDeliveriesOptions) => {
    const filter = accept(WebhookDeliveryFilter, options);
    const page = await withWebhooks(context.env, { seals: false }, ({ deliveries }) => deliveries.list(id, filter));
    const deliveries = page.deliveries.map(showWebhookDelivery);
    printPage(
      context,
      { ...page, deliveries },
      {
        header: HEADER,
        rows: deliveries.map(rowOf),
        none: 'There is no such delivery.',
      },
    );
  });
}

function rowOf({ id, type, state, attempts, nextAttemptAt, createdAt }: WebhookDelivery): string[] {
  const last = attempts.at(-1);
  const outcome = [last?.error, last?.status, last?.networkCode].filter((part) => part !== undefined && part !== null);
  return [
    ...[id, type, state, String(attempts.length), outcome.join(' ') || '-'],
    ...[minute(nextAttemptAt, '-'), minute(createdAt)],
  ];
}
