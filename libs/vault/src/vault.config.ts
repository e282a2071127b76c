import { join } from 'node:path';
import { ConfigurationError } from '@app/platform';
import { z } from 'zod';
import type { KeyProvider } from './key-provider.js';
import { ensureLocalKeyFile } from './local-key-file.js';
import { type LocalKey, LocalKeyProvider } from './local-key-provider.js';
import { LocalKeysError, parseLocalKeys } from './local-keys.js';

/** The settings of a process that seals or opens secrets. */
export const vaultSettings = {
  KEY_PROVIDER: z
    .enum(['local'], {
      error: 'must be "local": no other key provider, "aws-kms" included, is supported by this version',
    })
    .default('local'),
  /** `id:base64 of 32 bytes`, comma-separated, newest first; required in production. */
  LOCAL_KEYS: z
    .string()
    .transform((text, context): LocalKey[] => {
      try {
        return parseLocalKeys(text);
      } catch (error) {
        if (!(error instanceof LocalKeysError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .optional(),
  /** Where development keeps its files, the key file among them. */
  DATA_DIR: z.string().default('.data'),
};

/** The parsed `vaultSettings`, and in which environment they are used. */
export interface VaultConfig {
  NODE_ENV: 'development' | 'test' | 'production';
  KEY_PROVIDER: 'local';
  LOCAL_KEYS?: LocalKey[] | undefined;
  DATA_DIR: string;
}

/** The key provider that is configured; without keys, production throws ConfigurationError and development uses `<DATA_DIR>/local-keys`, made on first start. */
export async function openKeyProvider(config: VaultConfig): Promise<KeyProvider> {
  if (config.LOCAL_KEYS !== undefined) return new LocalKeyProvider(config.LOCAL_KEYS);
  if (config.NODE_ENV === 'production') {
    throw new ConfigurationError(
      'The configuration is not usable.\n  LOCAL_KEYS: is missing; production needs a key of your own, kept where backups of the database are not.' +
        '\n  To make one: LOCAL_KEYS="key-1:$(openssl rand -base64 32)", or the same text in a file named by LOCAL_KEYS_FILE.',
    );
  }
  return new LocalKeyProvider(await ensureLocalKeyFile(join(config.DATA_DIR, 'local-keys')));
}
