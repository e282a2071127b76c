import type { Sql, WebhookEndpointState } from '@app/platform';
import type { WebhookEvent } from '../webhook-events.js';
import { endpointNotFound } from './webhook-endpoint-errors.js';

/** What of an endpoint is read when it is locked. */
export interface EndpointRow {
  url: string;
  events: WebhookEvent[];
  description: string | null;
  state: WebhookEndpointState;
}

/** Keeps everybody else from changing or removing the endpoint until the transaction ends. Throws WEBHOOK_ENDPOINT_NOT_FOUND. */
export async function lockEndpoint(tx: Sql, id: string): Promise<EndpointRow> {
  const [row] = await tx.$queryRaw<EndpointRow[]>`
    SELECT url, events, description, state::text AS state FROM webhook_endpoints WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  if (row === undefined) throw endpointNotFound(id);
  return row;
}
