import type { TEST_EVENT, WebhookEvent } from './webhook-events.js';

/** What an endpoint is told: ids and a few facts, never a secret, a name or metadata. */
export interface WebhookPayload {
  type: WebhookEvent | typeof TEST_EVENT;
  /** When it happened. */
  timestamp: Date;
  data: Record<string, unknown>;
}

/** The body, in the form of Standard Webhooks: `{type, timestamp, data}`. */
export function writePayload({ type, timestamp, data }: WebhookPayload): string {
  return JSON.stringify({ type, timestamp: timestamp.toISOString(), data });
}
