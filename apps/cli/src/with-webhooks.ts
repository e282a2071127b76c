import { AuditTrail } from '@app/audit';
import { type Database, parseConfig, processSettings } from '@app/platform';
import { type KeyProvider, Vault } from '@app/vault';
import {
  WebhookDeliveriesReader,
  WebhookEndpointsReader,
  WebhookEndpointsService,
  WebhookPlaces,
  WebhookReplayService,
  WebhookSecrets,
  webhookSettings,
} from '@app/webhooks';
import { withDatabase } from './with-database.js';
import { withVault } from './with-vault.js';

/** The services of webhooks. */
export interface Webhooks {
  endpoints: WebhookEndpointsService;
  reader: WebhookEndpointsReader;
  deliveries: WebhookDeliveriesReader;
  replays: WebhookReplayService;
}

const refuse = (): Promise<never> => Promise.reject(new Error('This command has no keys.'));

/** For what seals and opens nothing. */
const NO_KEYS: KeyProvider = { currentKeyId: '', keyIds: [], wrap: refuse, unwrap: refuse };

/** Lends `work` the services of webhooks; only what `seals` a secret needs the vault's settings. Throws as `withVault` does. */
export async function withWebhooks<T>(
  env: NodeJS.ProcessEnv,
  { seals }: { seals: boolean },
  work: (webhooks: Webhooks) => Promise<T>,
): Promise<T> {
  const places = WebhookPlaces.from(parseConfig({ NODE_ENV: processSettings.NODE_ENV, ...webhookSettings }, env));
  const open = (database: Database, audit: AuditTrail, vault: Vault): Promise<T> => {
    const reader = new WebhookEndpointsReader(database);
    return work({
      endpoints: new WebhookEndpointsService(database, audit, vault, new WebhookSecrets(vault), places),
      reader,
      deliveries: new WebhookDeliveriesReader(database, reader),
      replays: new WebhookReplayService(database, audit),
    });
  };
  if (seals) return withVault(env, open);
  return withDatabase(env, (database) => {
    const audit = new AuditTrail(database);
    return open(database, audit, new Vault(database, audit, NO_KEYS));
  });
}
