import { Database, type Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { endpointNotFound } from './webhook-endpoint-errors.js';

const shown = {
  id: true,
  url: true,
  events: true,
  description: true,
  state: true,
  disabledReason: true,
  lastSuccessAt: true,
  lastFailureAt: true,
  failingSince: true,
  createdAt: true,
  // When the last secret of before stops to sign; nothing of the secrets themselves.
  secrets: { select: { signsUntil: true, createdAt: true }, orderBy: { version: 'desc' } },
} as const satisfies Prisma.WebhookEndpointSelect;

/** An endpoint as it is shown, never with a secret. */
export type ShownEndpoint = Prisma.WebhookEndpointGetPayload<{ select: typeof shown }>;

/** Reads endpoints. */
@Injectable()
export class WebhookEndpointsReader {
  constructor(private readonly database: Database) {}

  /** Every endpoint, oldest first: there are at most `MAX_ENDPOINTS`. */
  list(): Promise<ShownEndpoint[]> {
    return this.database.client.webhookEndpoint.findMany({ select: shown, orderBy: { id: 'asc' } });
  }

  /** Throws WEBHOOK_ENDPOINT_NOT_FOUND. */
  async get(id: string): Promise<ShownEndpoint> {
    const endpoint = await this.database.client.webhookEndpoint.findUnique({ where: { id }, select: shown });
    if (endpoint === null) throw endpointNotFound(id);
    return endpoint;
  }
}
