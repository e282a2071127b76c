import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { components } from './generated/openapi.js';

export { WebhookVerificationError };

/** What a webhook tells of. */
export type WebhookEventType = NonNullable<components['schemas']['WebhookEndpoint']['events']>[number];

/** An event that the API announced: thin, ids and a few facts. What they stand for is read with the client. */
export interface WebhookEvent {
  /** Equal when the same event comes again: whoever must act once remembers it. */
  id: string;
  /** A newer API may tell of more. */
  type: WebhookEventType | (string & {});
  /** When it happened, ISO 8601. */
  timestamp: string;
  data: { customerId?: string; runId?: string; [fact: string]: unknown };
}

/** The headers of the request: those of `fetch`, Node, Express or Fastify. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>;

/**
 * The event in `payload`, which must be the body as it came, byte by byte. Throws WebhookVerificationError for one that was not signed with
 * the secret (`whsec_…`), or with one of them while it is being replaced, or that is five minutes old (https://www.standardwebhooks.com).
 */
export function verifyWebhook(
  payload: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): WebhookEvent {
  const body = readBody(payload);
  const plain = readHeaders(headers);
  const secrets = typeof secret === 'object' ? secret : [secret];
  let refusal: unknown = new TypeError('verifyWebhook needs at least one secret.');
  for (const one of secrets) {
    try {
      const event = new Webhook(one).verify(body, plain) as Omit<WebhookEvent, 'id'>;
      return { ...event, id: plain['webhook-id']! };
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function readBody(payload: string | Uint8Array): string {
  if (typeof payload === 'string') return payload;
  if (payload instanceof Uint8Array) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload);
  throw new TypeError('verifyWebhook needs the body as it came, a string or bytes: once parsed it cannot be verified.');
}

function readHeaders(headers: WebhookHeaders): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), String(value)]])),
  );
}
