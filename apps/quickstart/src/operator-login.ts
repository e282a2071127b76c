import { OperatorLogins } from '@app/access';
import { AuditTrail } from '@app/audit';
import { Database, type Secret } from '@app/platform';

const DAY_SECONDS = 86_400;

/** A one-time link that lets the operator "quickstart" into the dashboard, good for a day. */
export async function createLoginUrl(databaseUrl: Secret, dashboardUrl: string): Promise<string> {
  const database = new Database({ url: databaseUrl, maxConnections: 1 });
  try {
    const logins = new OperatorLogins(database, new AuditTrail(database));
    const token = await logins.createLink({ operator: 'quickstart', actor: 'quickstart', ttlSeconds: DAY_SECONDS });
    return `${dashboardUrl}/login#${token.reveal()}`;
  } finally {
    await database.onApplicationShutdown();
  }
}
