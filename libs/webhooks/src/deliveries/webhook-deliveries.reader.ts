import { Database, type Prisma, type WebhookDeliveryState } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { WebhookEndpointsReader } from '../endpoints/webhook-endpoints.reader.js';

const shown = {
  id: true,
  eventId: true,
  type: true,
  payload: true,
  state: true,
  attempts: true,
  nextAttemptAt: true,
  createdAt: true,
  deliveredAt: true,
} as const satisfies Prisma.WebhookDeliverySelect;

/** A delivery as it is shown. */
export type ShownDelivery = Prisma.WebhookDeliveryGetPayload<{ select: typeof shown }>;

/** Which deliveries to list: every member given must match. */
interface DeliveryQuery {
  state?: WebhookDeliveryState | undefined;
  type?: string | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
  limit: number;
}

/** Reads the log of an endpoint. */
@Injectable()
export class WebhookDeliveriesReader {
  constructor(
    private readonly database: Database,
    private readonly endpoints: WebhookEndpointsReader,
  ) {}

  /** One page, newest first; `nextCursor` is undefined on the last. Throws WEBHOOK_ENDPOINT_NOT_FOUND. */
  async list(
    endpointId: string,
    { state, type, cursor, limit }: DeliveryQuery,
  ): Promise<{ deliveries: ShownDelivery[]; nextCursor?: string }> {
    await this.endpoints.get(endpointId);
    const rows = await this.database.client.webhookDelivery.findMany({
      where: {
        endpointId,
        ...(state === undefined ? {} : { state }),
        ...(type === undefined ? {} : { type }),
        ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      },
      select: shown,
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const deliveries = rows.slice(0, limit);
    const last = deliveries.at(-1);
    return rows.length > limit && last !== undefined ? { deliveries, nextCursor: last.id } : { deliveries };
  }
}
