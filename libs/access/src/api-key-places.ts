import { DomainError, type Transaction } from '@app/platform';

/** Active keys that may have one name: two, the old and the new one while a system changes over. */
const ACTIVE_PER_NAME = 2;

/**
 * Sees that one more key may have this name, and keeps others from giving it one until the transaction ends. Throws
 * API_KEY_NAME_IN_USE, which names the keys that have it.
 */
export async function takePlace(tx: Transaction, name: string, now: Date): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`api key ${name}`}, 0))::text`;
  const active = await tx.apiKey.findMany({
    where: { name, revokedAt: null, expiresAt: { gt: now } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  if (active.length < ACTIVE_PER_NAME) return;
  const [older, newer] = [active[0]!.id, active.at(-1)!.id];
  throw new DomainError(
    'conflict',
    'API_KEY_NAME_IN_USE',
    `Two keys of this name are active, "${older}" and "${newer}", and more are not allowed. Revoke the one that nobody uses any more, or choose another name.`,
    { facts: { olderKeyId: older, newerKeyId: newer } },
  );
}
