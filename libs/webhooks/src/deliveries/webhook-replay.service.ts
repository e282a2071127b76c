import { AuditTrail } from '@app/audit';
import { Database, DomainError, type Sql } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { lockEndpoint } from '../endpoints/lock-endpoint.js';
import { endpointDisabled } from '../endpoints/webhook-endpoint-errors.js';
import { endpointEvent } from '../endpoints/webhook-endpoint-event.js';
import { GIVE_UP_AFTER_MS } from '../sending/retry-schedule.js';
import { TEST_EVENT } from '../webhook-events.js';
import { writePayload } from '../webhook-payload.js';

/** Deliveries that one request has sent again. */
const MAX_REPLAYED = 10_000;

/** What is to be sent again: these deliveries, or all of a time, whatever became of them. */
export type Replay = { deliveryIds: readonly string[]; since?: undefined } | { since: Date; until?: Date | undefined };

/** Sends to an endpoint what a person asks for: again what it was sent, or a test. */
@Injectable()
export class WebhookReplayService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Has deliveries sent again, each under the `webhook-id` it had, and tried as long as a new one; returns how many. Throws
   * WEBHOOK_ENDPOINT_NOT_FOUND, WEBHOOK_ENDPOINT_DISABLED, WEBHOOK_DELIVERY_NOT_FOUND and WEBHOOK_REPLAY_TOO_LARGE.
   */
  replay(endpointId: string, replay: Replay, actor: string): Promise<number> {
    return this.database.sqlTransaction(async (tx) => {
      await lockActive(tx, endpointId);
      const ids =
        replay.since === undefined
          ? await findAll(tx, endpointId, replay.deliveryIds)
          : await listSince(tx, endpointId, replay);
      // The fence, because how a try ends that is under way is not how the replay ends.
      await tx.$executeRaw`
        UPDATE webhook_deliveries SET state = 'pending', tries = 0, next_attempt_at = now(), lease_until = NULL, fence = fence + 1,
          give_up_at = now() + ${GIVE_UP_AFTER_MS} * interval '1 ms'
        WHERE id = ANY(${ids}::uuid[])`;
      const since = replay.since?.toISOString() ?? null;
      await this.audit.append(
        tx,
        endpointEvent('webhook_endpoint.replayed', endpointId, actor, { deliveries: ids.length, since }),
      );
      return ids.length;
    });
  }

  /** Has an event of the type `webhook.test` sent and returns the id of its delivery. Throws WEBHOOK_ENDPOINT_NOT_FOUND and WEBHOOK_ENDPOINT_DISABLED. */
  test(endpointId: string, actor: string): Promise<string> {
    return this.database.sqlTransaction(async (tx) => {
      await lockActive(tx, endpointId);
      const id = v7();
      const data = { webhookEndpointId: endpointId };
      const payload = writePayload({ type: TEST_EVENT, timestamp: new Date(), data });
      await tx.$executeRaw`
        INSERT INTO webhook_deliveries (id, endpoint_id, event_id, type, payload, next_attempt_at, give_up_at)
        VALUES (${id}::uuid, ${endpointId}::uuid, ${v7()}::uuid, ${TEST_EVENT}, ${payload}, now(),
          now() + ${GIVE_UP_AFTER_MS} * interval '1 ms')`;
      await this.audit.append(tx, endpointEvent('webhook_endpoint.tested', endpointId, actor, { deliveryId: id }));
      return id;
    });
  }
}

async function lockActive(tx: Sql, id: string): Promise<void> {
  const { state } = await lockEndpoint(tx, id);
  if (state === 'disabled') throw endpointDisabled(id);
}

async function findAll(tx: Sql, endpointId: string, wanted: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM webhook_deliveries WHERE endpoint_id = ${endpointId}::uuid AND id = ANY(${wanted}::uuid[])`;
  const found = rows.map(({ id }) => id);
  const missing = wanted.find((id) => !found.includes(id.toLowerCase()));
  if (missing === undefined) return found;
  throw new DomainError(
    'not-found',
    'WEBHOOK_DELIVERY_NOT_FOUND',
    `The webhook endpoint "${endpointId}" has no delivery "${missing}"; they are kept for 30 days. Nothing was sent again.`,
  );
}

async function listSince(
  tx: Sql,
  endpointId: string,
  { since, until }: { since: Date; until?: Date | undefined },
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM webhook_deliveries
    WHERE endpoint_id = ${endpointId}::uuid AND created_at >= ${since.toISOString()}::timestamptz
      AND created_at < ${until?.toISOString() ?? 'infinity'}::timestamptz
    LIMIT ${MAX_REPLAYED + 1}`;
  if (rows.length <= MAX_REPLAYED) return rows.map(({ id }) => id);
  throw new DomainError(
    'conflict',
    'WEBHOOK_REPLAY_TOO_LARGE',
    `More than ${MAX_REPLAYED} deliveries were made in that time. Ask for parts of it, with "until".`,
  );
}
