import { ApiKeys, scopes } from '@app/access';
import { AuditTrail } from '@app/audit';
import type { Database } from '@app/platform';
import { pino } from 'pino';

/** Makes an API key for a week; it has every scope unless some are named. */
export async function makeApiKey(database: Database, held: readonly string[] = Object.keys(scopes)): Promise<string> {
  const apiKeys = new ApiKeys(database, new AuditTrail(database), pino({ level: 'silent' }));
  const expiresAt = new Date(Date.now() + 7 * 86_400_000);
  const { key } = await apiKeys.create({ name: 'tests', scopes: held, expiresAt, actor: 'test' });
  return key.reveal();
}
