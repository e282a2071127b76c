import { WebhookDeliveryState } from '@app/platform';
import {
  type DeliveryError,
  type Replay,
  type ShownDelivery,
  TEST_EVENT,
  type WebhookEvent,
  webhookEvents,
} from '@app/webhooks';
import { z } from 'zod';
import { cursor, id, instant, limit, moment } from '../schemas/text.schema.js';

const type = z.enum([TEST_EVENT, ...(Object.keys(webhookEvents) as WebhookEvent[])]);

const DeliveryErrors = {
  TIMED_OUT: 'no answer within 15 seconds',
  ADDRESS_NOT_PUBLIC: 'the name leads to an address that is not public',
  NAME_NOT_FOUND: 'the name is not known',
  TLS_REFUSED: 'the certificate does not hold, or TLS failed',
  UNREACHABLE: 'the connection failed or broke',
  ANSWER_UNREADABLE: 'what came back is no HTTP',
  REDIRECTED: 'a 3xx, which is not followed',
  REFUSED: 'another status than 2xx',
  SECRET_UNAVAILABLE: 'the secret to sign with could not be read; nothing was sent',
} as const satisfies Record<DeliveryError, string>;

const WebhookAttempt = z
  .object({
    at: instant,
    durationMs: z.int(),
    status: z.int().nullable(),
    error: z
      .enum(Object.keys(DeliveryErrors) as [DeliveryError, ...DeliveryError[]])
      .nullable()
      .meta({
        description: `Null when it went well. ${Object.entries(DeliveryErrors)
          .map(([code, meaning]) => `\`${code}\`: ${meaning}`)
          .join('; ')}.`,
      }),
    networkCode: z.string().nullable().meta({ description: "The network's own code, such as `ECONNREFUSED`." }),
  })
  .meta({ id: 'WebhookAttempt', description: 'One try of a delivery.' });

/** A delivery as it is shown. */
export const WebhookDelivery = z
  .object({
    id: id.meta({ description: 'The `webhook-id` it is sent under, every time the same.' }),
    eventId: id.meta({ description: 'The audit event it tells of; of a test, an id of its own.' }),
    type: z.string(),
    state: z.enum(WebhookDeliveryState).meta({
      description: '`pending`: it is tried, now or later. `failed`: it is not tried any more, unless it is replayed.',
    }),
    payload: z.record(z.string(), z.unknown()).meta({ description: 'What is sent.' }),
    attempts: z.array(WebhookAttempt).meta({ description: 'Oldest first; the newest 50 are kept.' }),
    nextAttemptAt: instant.nullable(),
    createdAt: instant,
    deliveredAt: instant.nullable(),
  })
  .meta({ id: 'WebhookDelivery', description: 'One event for one endpoint; kept for 30 days.' });
export type WebhookDelivery = z.output<typeof WebhookDelivery>;

/** A page of deliveries. */
export const WebhookDeliveryPage = z
  .object({ deliveries: z.array(WebhookDelivery), nextCursor: z.string().optional() })
  .meta({ id: 'WebhookDeliveryPage', description: 'Newest first; `nextCursor` is absent on the last page.' });

/** Which deliveries to list. */
export const WebhookDeliveryFilter = z.strictObject({
  state: z.enum(WebhookDeliveryState).optional(),
  type: type.optional(),
  cursor: cursor.optional(),
  limit: limit(100),
});
export type WebhookDeliveryFilter = z.output<typeof WebhookDeliveryFilter>;

/** What is to be sent again. */
export const WebhookReplay = z
  .strictObject({
    since: moment
      .optional()
      .meta({ description: 'All deliveries made at or after this instant, whatever became of them.' }),
    until: moment.optional().meta({ description: 'With `since`: those made before this instant only.' }),
    deliveryIds: z.array(id).min(1).max(100).optional().meta({ description: 'These deliveries.' }),
  })
  .refine(({ since, deliveryIds }) => (since === undefined) !== (deliveryIds === undefined), {
    error: 'must have exactly one of since and deliveryIds',
  })
  .refine(({ since, until }) => until === undefined || since !== undefined, { path: ['until'], error: 'needs since' })
  .meta({ id: 'WebhookReplay', description: 'Exactly one of `since` and `deliveryIds`.' });
export type WebhookReplay = z.output<typeof WebhookReplay>;

/** The same as the service takes it. */
export const toReplay = ({ since, until, deliveryIds }: WebhookReplay): Replay =>
  since === undefined
    ? { deliveryIds: deliveryIds! }
    : { since: new Date(since), until: until === undefined ? undefined : new Date(until) };

/** How much is sent again. */
export const ReplayedWebhooks = z.object({ deliveries: z.int() }).meta({ id: 'ReplayedWebhooks' });

/** The test that is sent. */
export const WebhookTest = z.object({ deliveryId: id }).meta({ id: 'WebhookTest' });

/** The row as it is shown. */
export function showWebhookDelivery(row: ShownDelivery): WebhookDelivery {
  const { id, eventId, type, state } = row;
  return {
    ...{ id, eventId, type, state },
    payload: JSON.parse(row.payload) as WebhookDelivery['payload'],
    attempts: row.attempts as WebhookDelivery['attempts'],
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
  };
}
