import type { Command } from 'commander';
import { NewWebhookEndpoint, showWebhookEndpoint } from '../../../api/src/webhook-endpoints/webhook-endpoint.schema.js';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { tellFacts } from '../facts.js';
import { accept } from '../mistakes.js';
import { endpointMembers, type EndpointOptions, eventsHelp, eventsOption } from '../webhook-endpoint-options.js';
import { withWebhooks } from '../with-webhooks.js';

/** `webhooks create`: registers a webhook endpoint and shows its secret, this once. */
export function addCreateWebhook(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('create')
    .description('register a webhook endpoint and show its secret, this once')
    .requiredOption('--url <url>', 'where events are sent: https, with the name of a public host')
    .addOption(eventsOption())
    .option('--description <text>', 'for people')
    .addHelpText('after', eventsHelp())
    .action(async (options: EndpointOptions) => {
      const wanted = accept(NewWebhookEndpoint, endpointMembers(options));
      const { row, secret } = await withWebhooks(env, { seals: true }, async ({ endpoints, reader }) => {
        const { id, secret } = await endpoints.create(wanted, CLI_ACTOR);
        return { row: await reader.get(id), secret };
      });
      const endpoint = { ...showWebhookEndpoint(row), secret: secret.reveal() };
      print(endpoint, `${tellFacts(endpoint)}\nKeep the secret now: it is not shown again.`);
    });
}
