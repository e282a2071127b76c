import { AuditTrail } from '@app/audit';
import { Database, type Sql } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { failPending } from '../endpoints/fail-pending.js';
import { endpointEvent } from '../endpoints/webhook-endpoint-event.js';
import type { ClaimedDelivery } from './delivery-claims.repository.js';
import { DISABLE_AFTER_MS, nextTryAt } from './retry-schedule.js';
import type { DeliveryOutcome } from './webhook-transport.js';

/** Tries that the log of one delivery keeps. */
const KEPT_ATTEMPTS = 50;

interface EndpointRow {
  state: 'active' | 'disabled';
  failingForMs: number;
  now: Date;
}

/** Writes how deliveries ended: the log, what is next, and what it says of the endpoint. */
@Injectable()
export class DeliveryOutcomes {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** Commits the outcome and resolves to true; to false if the claim is another's by now, or the endpoint is gone: then nothing is written. */
  async commit(claimed: ClaimedDelivery, outcome: DeliveryOutcome): Promise<boolean> {
    const isOurs = outcome.error === 'SECRET_UNAVAILABLE';
    return this.database
      .sqlTransaction(async (tx) => {
        // The endpoint first, as everybody does who locks both.
        const endpoint = await noteOnEndpoint(tx, claimed.endpointId, outcome.error === undefined, isOurs);
        if (endpoint === undefined) throw new ClaimLost();
        const nextAt = nextTryOf(claimed, outcome, endpoint);
        const reason = isOurs ? undefined : reasonToDisable(endpoint, outcome, nextAt === undefined);
        await writeOutcome(tx, claimed, outcome, endpoint.now, reason === undefined ? nextAt : undefined);
        if (reason !== undefined) await this.#disable(tx, claimed.endpointId, reason);
      })
      .then(
        () => true,
        (error: unknown) => {
          if (error instanceof ClaimLost) return false;
          throw error;
        },
      );
  }

  async #disable(tx: Sql, webhookEndpointId: string, reason: string): Promise<void> {
    await tx.$executeRaw`
      UPDATE webhook_endpoints SET state = 'disabled', disabled_reason = ${reason} WHERE id = ${webhookEndpointId}::uuid`;
    await failPending(tx, webhookEndpointId);
    await this.audit.append(tx, endpointEvent('webhook_endpoint.disabled', webhookEndpointId, 'worker', { reason }));
  }
}

/** Rolls back what was written for a claim that is another's by now. */
class ClaimLost extends Error {}

async function noteOnEndpoint(
  tx: Sql,
  id: string,
  isSuccess: boolean,
  isOurs: boolean,
): Promise<EndpointRow | undefined> {
  const [row] = await tx.$queryRaw<EndpointRow[]>`
    UPDATE webhook_endpoints SET
      last_success_at = CASE WHEN ${isSuccess} THEN now() ELSE last_success_at END,
      last_failure_at = CASE WHEN ${isSuccess || isOurs} THEN last_failure_at ELSE now() END,
      failing_since = CASE WHEN ${isSuccess} THEN NULL WHEN ${isOurs} THEN failing_since ELSE coalesce(failing_since, now()) END
    WHERE id = ${id}::uuid
    RETURNING state::text AS state, now() AS now,
      coalesce(extract(epoch FROM now() - failing_since) * 1000, 0)::float8 AS "failingForMs"`;
  return row;
}

function nextTryOf(
  { tries, giveUpAt }: ClaimedDelivery,
  { error, retryAfterMs }: DeliveryOutcome,
  { state, now }: EndpointRow,
): Date | undefined {
  if (error === undefined || state === 'disabled') return undefined;
  return nextTryAt({ tries: tries + 1, giveUpAt, now }, retryAfterMs);
}

function reasonToDisable(
  { state, failingForMs }: EndpointRow,
  { status }: DeliveryOutcome,
  isLastTry: boolean,
): string | undefined {
  if (state === 'disabled') return undefined;
  if (status === 410) return 'GONE';
  // Days without an event count as well: a first failure after them says little.
  return isLastTry && failingForMs > DISABLE_AFTER_MS ? 'FAILED_FOR_DAYS' : undefined;
}

async function writeOutcome(
  tx: Sql,
  { id, fence, tries }: ClaimedDelivery,
  { durationMs, status, error, networkCode }: DeliveryOutcome,
  now: Date,
  nextAt: Date | undefined,
): Promise<void> {
  const state = error === undefined ? 'delivered' : nextAt === undefined ? 'failed' : 'pending';
  const at = new Date(now.getTime() - durationMs).toISOString();
  const attempt = { at, durationMs, status: status ?? null, error: error ?? null, networkCode: networkCode ?? null };
  const written = await tx.$executeRaw`
    UPDATE webhook_deliveries SET state = ${state}::webhook_delivery_state, next_attempt_at = ${nextAt?.toISOString() ?? null}::timestamptz,
      lease_until = NULL, tries = ${tries + 1},
      delivered_at = CASE WHEN ${state} = 'delivered' THEN now() ELSE delivered_at END,
      attempts = (CASE WHEN jsonb_array_length(attempts) >= ${KEPT_ATTEMPTS} THEN attempts - 0 ELSE attempts END)
        || ${JSON.stringify([attempt])}::jsonb
    WHERE id = ${id}::uuid AND fence = ${fence}`;
  if (written === 0) throw new ClaimLost();
}
