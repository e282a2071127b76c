import type { Command } from 'commander';
import { showWebhookEndpoint } from '../../../api/src/webhook-endpoints/webhook-endpoint.schema.js';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { tellFacts } from '../facts.js';
import { readId } from '../read-id.js';
import { withWebhooks } from '../with-webhooks.js';

/** `webhooks rotate-secret`: gives a webhook endpoint a new secret and shows it, this once. */
export function addRotateWebhookSecret(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('rotate-secret')
    .description('give a webhook endpoint a new secret and show it, this once; the one before signs too for 24 hours')
    .argument('<endpoint>', 'its id, as webhooks list shows it', readId)
    .action(async (id: string) => {
      const { row, secret } = await withWebhooks(env, { seals: true }, async ({ endpoints, reader }) => {
        const secret = await endpoints.rotateSecret(id, CLI_ACTOR);
        return { row: await reader.get(id), secret };
      });
      const endpoint = { ...showWebhookEndpoint(row), secret: secret.reveal() };
      print(endpoint, `${tellFacts(endpoint)}\nKeep the secret now: it is not shown again.`);
    });
}
