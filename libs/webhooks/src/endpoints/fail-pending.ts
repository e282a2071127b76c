import type { Sql } from '@app/platform';

/** Gives up what a disabled endpoint was still to get: a replay sends it. What is on its way this moment is left to whoever sends it. */
export async function failPending(tx: Sql, endpointId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE webhook_deliveries SET state = 'failed', next_attempt_at = NULL
    WHERE endpoint_id = ${endpointId}::uuid AND state = 'pending' AND lease_until IS NULL`;
}
