import type { Command } from 'commander';
import {
  showWebhookEndpoint,
  type WebhookEndpoint,
} from '../../../api/src/webhook-endpoints/webhook-endpoint.schema.js';
import { aligned } from '../aligned.js';
import type { CommandContext } from '../command-context.js';
import { minute } from '../minute.js';
import { withWebhooks } from '../with-webhooks.js';

const HEADER = ['ID', 'STATE', 'LAST SUCCESS', 'FAILING SINCE', 'URL', 'EVENTS'];

/** `webhooks list`: every webhook endpoint, oldest first, without its secret. */
export function addListWebhooks(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('list')
    .description('show every webhook endpoint, oldest first')
    .action(async () => {
      const rows = await withWebhooks(env, { seals: false }, ({ reader }) => reader.list());
      const webhookEndpoints = rows.map(showWebhookEndpoint);
      print(
        { webhookEndpoints },
        rows.length === 0 ? 'There is no webhook endpoint.' : aligned([HEADER, ...webhookEndpoints.map(rowOf)]),
      );
    });
}

function rowOf({ id, state, disabledReason, lastSuccessAt, failingSince, url, events }: WebhookEndpoint): string[] {
  const shownState = disabledReason === null ? state : `${state} (${disabledReason})`;
  return [id, shownState, minute(lastSuccessAt), minute(failingSince, '-'), url, events?.join(',') ?? 'all'];
}
