import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';

/** How long a claim lasts: twice what a delivery may take, so that nobody else sends it meanwhile. In ms. */
export const LEASE_MS = 30_000;

/** Deliveries that one endpoint gets at the same time, from all workers together. */
const PER_ENDPOINT = 4;

/** A delivery that this process may send until its lease ends. */
export interface ClaimedDelivery {
  id: string;
  endpointId: string;
  url: string;
  type: string;
  payload: string;
  fence: number;
  /** Tries before this one. */
  tries: number;
  giveUpAt: Date;
  /** By the database's clock. */
  claimedAt: Date;
}

/** Claims on deliveries: a row is sent only by whoever holds its lease. */
@Injectable()
export class DeliveryClaimsRepository {
  constructor(private readonly database: Database) {}

  /** Claims what is due, a few per endpoint, so that one that is slow or dead holds up no other; there are at most 20 endpoints. */
  claimDue(): Promise<ClaimedDelivery[]> {
    return this.database.sql.$queryRaw<ClaimedDelivery[]>`
      WITH sending AS (
        SELECT endpoint_id, count(*)::int AS count FROM webhook_deliveries
        WHERE lease_until > now() GROUP BY endpoint_id),
      due AS (
        SELECT delivery.id, endpoint.url
        FROM webhook_endpoints endpoint LEFT JOIN sending ON sending.endpoint_id = endpoint.id
          CROSS JOIN LATERAL (
            SELECT id FROM webhook_deliveries
            WHERE endpoint_id = endpoint.id AND state = 'pending' AND next_attempt_at <= now()
              AND (lease_until IS NULL OR lease_until <= now())
            ORDER BY next_attempt_at LIMIT greatest(0, ${PER_ENDPOINT} - coalesce(sending.count, 0))
            FOR UPDATE SKIP LOCKED) delivery
        WHERE endpoint.state = 'active')
      UPDATE webhook_deliveries delivery
      SET lease_until = now() + ${LEASE_MS} * interval '1 ms', fence = fence + 1
      FROM due WHERE delivery.id = due.id
      RETURNING delivery.id, endpoint_id AS "endpointId", due.url, type, payload, fence, tries, give_up_at AS "giveUpAt", now() AS "claimedAt"`;
  }

  /** Lets go of a delivery whose sending was cut off: it is due again at once, and may have arrived. */
  async release({ id, fence }: Pick<ClaimedDelivery, 'id' | 'fence'>): Promise<void> {
    await this.database.sql.$executeRaw`
      UPDATE webhook_deliveries SET lease_until = NULL WHERE id = ${id}::uuid AND fence = ${fence}`;
  }
}
