import { WebhookEndpointState } from '@app/platform';
import { type ShownEndpoint, type WebhookEvent, webhookEvents } from '@app/webhooks';
import { z } from 'zod';
import { hasNoRepeats, id, instant, REPEATS, saying, text } from '../schemas/text.schema.js';

const event = z.enum(Object.keys(webhookEvents) as [WebhookEvent, ...WebhookEvent[]]);

const url = text(1_000).meta({
  description:
    'An https URL with the name of a public host, without user, password or fragment. Redirects are not followed.',
});
const events = z
  .array(event)
  .min(1)
  .max(Object.keys(webhookEvents).length)
  .refine(hasNoRepeats, REPEATS)
  .nullable()
  .meta({ description: 'The types it gets; null for all, those of later versions too.' });
const description = saying(200).nullable().meta({ description: 'For people.' });

/** What is asked for when an endpoint is registered. */
export const NewWebhookEndpoint = z
  .strictObject({ url, events: events.default(null), description: description.default(null) })
  .meta({ id: 'NewWebhookEndpoint' });
export type NewWebhookEndpoint = z.output<typeof NewWebhookEndpoint>;

/** What is to be changed of an endpoint. */
export const WebhookEndpointChange = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    description: description.optional(),
    state: z.enum(WebhookEndpointState).optional().meta({
      description: '`disabled`: nothing is sent to it; what it misses can be replayed once it is `active` again.',
    }),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'WebhookEndpointChange' });
export type WebhookEndpointChange = z.output<typeof WebhookEndpointChange>;

/** An endpoint as it is shown. */
export const WebhookEndpoint = z
  .object({
    id,
    url: z.string(),
    events: events,
    description: z.string().nullable(),
    state: z.enum(WebhookEndpointState),
    disabledReason: z.string().nullable().meta({
      description:
        '`DISABLED_BY_CALLER`, `GONE` (it answered 410) or `FAILED_FOR_DAYS` (no success for five days); null while it is active.',
    }),
    createdAt: instant,
    lastSuccessAt: instant.nullable(),
    lastFailureAt: instant.nullable(),
    failingSince: instant.nullable().meta({ description: 'The first failure since its last success.' }),
    secretCreatedAt: instant,
    previousSecretUntil: instant
      .nullable()
      .meta({ description: 'Until when the secret before signs too; null where there is none.' }),
  })
  .meta({ id: 'WebhookEndpoint', description: 'Where events are sent. Its secret is never shown again.' });
export type WebhookEndpoint = z.output<typeof WebhookEndpoint>;

/** Every endpoint. */
export const WebhookEndpointList = z
  .object({ webhookEndpoints: z.array(WebhookEndpoint) })
  .meta({ id: 'WebhookEndpointList', description: 'Oldest first; there are at most 20.' });

const secret = z.string().meta({
  description: 'Verifies the signatures, in the form of Standard Webhooks: `whsec_` and base64. Shown this once.',
});

/** An endpoint that was registered, with its secret. */
export const RegisteredWebhookEndpoint = WebhookEndpoint.extend({ secret }).meta({ id: 'RegisteredWebhookEndpoint' });

/** The endpoint as it is shown. */
export function showWebhookEndpoint(row: ShownEndpoint): WebhookEndpoint {
  const newest = row.secrets[0]!;
  return {
    id: row.id,
    url: row.url,
    events: row.events.length === 0 ? null : (row.events as WebhookEvent[]),
    description: row.description,
    state: row.state,
    disabledReason: row.disabledReason,
    createdAt: row.createdAt.toISOString(),
    lastSuccessAt: row.lastSuccessAt?.toISOString() ?? null,
    lastFailureAt: row.lastFailureAt?.toISOString() ?? null,
    failingSince: row.failingSince?.toISOString() ?? null,
    secretCreatedAt: newest.createdAt.toISOString(),
    previousSecretUntil: row.secrets[1]?.signsUntil?.toISOString() ?? null,
  };
}
