import { ApiKeyRefused, ApiKeys, scopes } from '@app/access';
import { AuditTrail } from '@app/audit';
import { Database, type Secret } from '@app/platform';
import type { Logger } from 'pino';
import { type QuickstartCredentials, saveCredentials } from './quickstart-credentials.js';

const LIFETIME_MS = 90 * 86_400_000;

/** The API key of earlier starts while it still lets us in, else a new one with every scope, saved in `folder`. */
export async function ensureApiKey(
  databaseUrl: Secret,
  folder: string,
  credentials: QuickstartCredentials,
  logger: Logger,
): Promise<string> {
  const database = new Database({ url: databaseUrl, maxConnections: 2 });
  const apiKeys = new ApiKeys(database, new AuditTrail(database), logger);
  try {
    if (credentials.apiKey !== undefined) {
      try {
        await apiKeys.authenticate(credentials.apiKey);
        return credentials.apiKey;
      } catch (error) {
        // Expired, or of a database that was thrown away since.
        if (!(error instanceof ApiKeyRefused)) throw error;
      }
    }
    const { key } = await apiKeys.create({
      name: 'quickstart',
      scopes: Object.keys(scopes),
      expiresAt: new Date(Date.now() + LIFETIME_MS),
      actor: 'quickstart',
    });
    await saveCredentials(folder, { ...credentials, apiKey: key.reveal() });
    return key.reveal();
  } finally {
    await apiKeys.onModuleDestroy();
    await database.onApplicationShutdown();
  }
}
