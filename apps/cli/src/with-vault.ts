import { AuditTrail } from '@app/audit';
import type { Database } from '@app/platform';
import { Vault } from '@app/vault';
import { withKeys } from './with-keys.js';

/** Lends `work` the database with its audit trail, and a vault. Throws as `withKeys` does, and KEYS_UNUSABLE: nothing is sealed under keys that do not fit the database. */
export function withVault<T>(
  env: NodeJS.ProcessEnv,
  work: (database: Database, audit: AuditTrail, vault: Vault) => Promise<T>,
): Promise<T> {
  return withKeys(env, async (database, keys) => {
    const audit = new AuditTrail(database);
    const vault = new Vault(database, audit, keys);
    await vault.assertKeysUsable();
    return work(database, audit, vault);
  });
}
