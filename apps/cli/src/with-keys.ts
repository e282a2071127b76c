import { ConfigurationError, type Database, parseConfig, processSettings } from '@app/platform';
import { type KeyProvider, openKeyProvider, vaultSettings } from '@app/vault';
import { withDatabase } from './with-database.js';

/** Lends `work` the database and the key-encryption keys that the API and the workers have. Throws as `withDatabase` does; makes no key. */
export async function withKeys<T>(
  env: NodeJS.ProcessEnv,
  work: (database: Database, keys: KeyProvider) => Promise<T>,
): Promise<T> {
  const config = parseConfig({ NODE_ENV: processSettings.NODE_ENV, ...vaultSettings }, env);
  if (config.KEY_PROVIDER === 'local' && config.LOCAL_KEYS === undefined) {
    throw new ConfigurationError(
      'LOCAL_KEYS: is missing; give it what the API and the workers have. In development they have it in a file: LOCAL_KEYS_FILE=.data/local-keys',
    );
  }
  const keys = await openKeyProvider(config);
  return withDatabase(env, (database) => work(database, keys));
}
