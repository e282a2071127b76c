import { ApiKeys, scopes } from '@app/access';
import { AuditTrail } from '@app/audit';
import type { Database } from '@app/platform';
import { pino } from 'pino';

/** Makes an API key that has every scope, for a week. */
export async function makeApiKey(database: Database): Promise<string> {
  const apiKeys = new ApiKeys(database, new AuditTrail(database), pino({ level: 'silent' }));
  const expiresAt = new Date(Date.now() + 7 * 86_400_000);
  const { key } = await apiKeys.create({ name: 'tests', scopes: Object.keys(scopes), expiresAt, actor: 'test' });
  return key.reveal();
}
