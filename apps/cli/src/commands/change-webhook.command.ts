import { WebhookEndpointState } from '@app/platform';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  showWebhookEndpoint,
  WebhookEndpointChange,
} from '../../../api/src/webhook-endpoints/webhook-endpoint.schema.js';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { tellFacts } from '../facts.js';
import { accept } from '../mistakes.js';
import { readId } from '../read-id.js';
import { endpointMembers, type EndpointOptions, eventsHelp, eventsOption } from '../webhook-endpoint-options.js';
import { withWebhooks } from '../with-webhooks.js';

/** `webhooks change`: changes what is given of a webhook endpoint. */
export function addChangeWebhook(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('change')
    .description('change what is given of a webhook endpoint; disable it, or enable it again')
    .argument('<endpoint>', 'its id, as webhooks list shows it', readId)
    .option('--url <url>', 'where events are sent from now on')
    .addOption(eventsOption())
    .option('--description <text>', 'for people')
    .option('--no-description', 'take its description away')
    .addOption(
      new Option('--state <state>', 'disabled: nothing is sent to it; what it misses can be replayed').choices(
        Object.values(WebhookEndpointState),
      ),
    )
    .addHelpText('after', eventsHelp())
    .action(async (id: string, options: EndpointOptions) => {
      const members = endpointMembers(options);
      if (Object.keys(members).length === 0) {
        throw new InvalidArgumentError('Give what to change: --url, --events, --description or --state.');
      }
      const change = accept(WebhookEndpointChange, members);
      const row = await withWebhooks(env, { seals: false }, async ({ endpoints, reader }) => {
        await endpoints.change(id, change, CLI_ACTOR);
        return reader.get(id);
      });
      const endpoint = showWebhookEndpoint(row);
      print(endpoint, tellFacts(endpoint));
    });
}
