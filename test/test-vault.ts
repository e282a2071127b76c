import { createSecretKey } from 'node:crypto';

/** The vault's settings of a worker that a test puts together: one key of its own. */
export const testVault = {
  NODE_ENV: 'test' as const,
  KEY_PROVIDER: 'local' as const,
  LOCAL_KEYS: [{ id: 'test', key: createSecretKey(Buffer.alloc(32, 7)) }],
  DATA_DIR: 'unused',
};
