import { Announcements } from '@app/audit';
import { Database, type Sql, type WebhookEndpointState } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { writePayload } from '../webhook-payload.js';
import { GIVE_UP_AFTER_MS } from './retry-schedule.js';

/** Announcements that one transaction turns into deliveries. */
const BATCH = 100;

interface Receiver {
  id: string;
  events: string[];
  state: WebhookEndpointState;
}

/** Turns what was announced into a delivery for each endpoint that wants it. */
@Injectable()
export class WebhookFanOut {
  constructor(
    private readonly database: Database,
    private readonly announcements: Announcements,
  ) {}

  /** Takes all announcements there are and returns how many; those without an endpoint are taken too. Several workers may do so at once. */
  async run(): Promise<number> {
    for (let total = 0; ;) {
      const taken = await this.database.sqlTransaction((tx) => this.#runOnce(tx));
      total += taken;
      if (taken < BATCH) return total;
    }
  }

  async #runOnce(tx: Sql): Promise<number> {
    const announced = await this.announcements.take(tx, BATCH);
    if (announced.length === 0) return 0;
    // Locked against removal, which otherwise the rows of its deliveries would run into.
    const receivers = await tx.$queryRaw<Receiver[]>`
      SELECT id, events, state::text AS state FROM webhook_endpoints ORDER BY id FOR KEY SHARE`;
    const deliveries = announced.flatMap(({ eventId, type, occurredAt, data }) =>
      receivers
        .filter(({ events }) => events.length === 0 || events.includes(type))
        .map(({ id: endpointId, state }) => ({
          ...{ id: v7(), endpointId, eventId, type, payload: writePayload({ type, timestamp: occurredAt, data }) },
          isActive: state === 'active',
        })),
    );
    if (deliveries.length > 0) await insert(tx, deliveries);
    return announced.length;
  }
}

/** What a disabled endpoint misses is noted as failed, so that a replay can send it once the endpoint is active again. */
async function insert(tx: Sql, deliveries: readonly object[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO webhook_deliveries (id, endpoint_id, event_id, type, payload, state, next_attempt_at, give_up_at)
    SELECT id, "endpointId", "eventId", type, payload,
      (CASE WHEN "isActive" THEN 'pending' ELSE 'failed' END)::webhook_delivery_state,
      CASE WHEN "isActive" THEN now() END, now() + ${GIVE_UP_AFTER_MS} * interval '1 ms'
    FROM jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb) AS delivery (id uuid, "endpointId" uuid, "eventId" uuid,
      type text, payload text, "isActive" boolean)`;
}
