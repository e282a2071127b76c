import { join } from 'node:path';
import { ConfigurationError } from '@app/platform';
import { z } from 'zod';
import { awsKmsSettings } from './aws-kms-settings.js';
import type { KeyProvider } from './key-provider.js';
import { ensureLocalKeyFile } from './local-key-file.js';
import { type LocalKey, LocalKeyProvider } from './local-key-provider.js';
import { LocalKeysError, parseLocalKeys } from './local-keys.js';
import { openAwsKms } from './open-aws-kms.js';
import { SeveralKeyProviders } from './several-key-providers.js';
import { untilKeyServiceAnswers } from './until-key-service-answers.js';

/** The settings of a process that seals or opens secrets. */
export const vaultSettings = {
  /** Whose key wraps from now on. Keys of the other provider, if given, only unwrap: so an installation moves from one to the other. */
  KEY_PROVIDER: z.enum(['local', 'aws-kms'], { error: 'must be "local" or "aws-kms"' }).default('local'),
  /** `id:base64 of 32 bytes`, comma-separated, newest first; required in production unless `KEY_PROVIDER` is `aws-kms`. */
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
  ...awsKmsSettings,
  /** Where development keeps its files, the key file among them. */
  DATA_DIR: z.string().default('.data'),
};

/** The parsed `vaultSettings`, and in which environment they are used. */
export interface VaultConfig {
  NODE_ENV: 'development' | 'test' | 'production';
  KEY_PROVIDER: 'local' | 'aws-kms';
  LOCAL_KEYS?: LocalKey[] | undefined;
  AWS_KMS_KEY_IDS?: string[] | undefined;
  AWS_ENDPOINT_URL_KMS?: string | undefined;
  DATA_DIR: string;
}

/**
 * The key provider that is configured; of a key service that does not answer it is asked a few times. Without keys, production throws
 * ConfigurationError and development uses `<DATA_DIR>/local-keys`, made on first start.
 */
export async function openKeyProvider(config: VaultConfig): Promise<KeyProvider> {
  const { KEY_PROVIDER, LOCAL_KEYS, AWS_KMS_KEY_IDS: keyIds, AWS_ENDPOINT_URL_KMS: endpoint } = config;
  const httpsOnly = config.NODE_ENV === 'production';
  const kms = keyIds && (await untilKeyServiceAnswers(() => openAwsKms({ keyIds, endpoint, httpsOnly })));
  if (KEY_PROVIDER === 'local') {
    const local = new LocalKeyProvider(LOCAL_KEYS ?? (await findLocalKeys(config)));
    return kms === undefined ? local : new SeveralKeyProviders(local, kms);
  }
  if (kms === undefined) {
    throw new ConfigurationError(
      'The configuration is not usable.\n  AWS_KMS_KEY_IDS: is missing; KEY_PROVIDER is "aws-kms"',
    );
  }
  return LOCAL_KEYS === undefined ? kms : new SeveralKeyProviders(kms, new LocalKeyProvider(LOCAL_KEYS));
}

function findLocalKeys({ NODE_ENV, DATA_DIR }: VaultConfig): Promise<LocalKey[]> {
  if (NODE_ENV !== 'production') return ensureLocalKeyFile(join(DATA_DIR, 'local-keys'));
  throw new ConfigurationError(
    'The configuration is not usable.\n  LOCAL_KEYS: is missing; production needs a key of your own, kept where backups of the database are not.' +
      '\n  To make one: LOCAL_KEYS="key-1:$(openssl rand -base64 32)", or the same text in a file named by LOCAL_KEYS_FILE.',
  );
}
