import type { AwsKms, EncryptionContext } from './aws-kms.js';
import { KmsRefusal } from './aws-kms-failure.js';
import type { DataKeyContext, KeyProvider, WrappedDataKey } from './key-provider.js';
import { unreadableWrapping, unusableKey } from './unreadable.js';

const DATA_KEY_BYTES = 32;

/** Key-encryption keys that never leave AWS KMS, newest first: the first wraps, all unwrap. The encryption context binds a data key to its id and owner. */
export class AwsKmsKeyProvider implements KeyProvider {
  readonly currentKeyId: string;

  /** `keyIds` are key ARNs. */
  constructor(
    private readonly kms: AwsKms,
    readonly keyIds: readonly [string, ...string[]],
  ) {
    this.currentKeyId = keyIds[0];
  }

  async wrap(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey> {
    try {
      const { keyArn, ciphertext } = await this.kms.encrypt(this.currentKeyId, dataKey, encryptionContextOf(context));
      return { keyId: keyArn, wrapped: ciphertext.toString('base64') };
    } catch (error) {
      throw error instanceof KmsRefusal ? unusableKey(this.currentKeyId, error.exception, error) : error;
    }
  }

  async unwrap(keyId: string, wrapped: string, context: DataKeyContext): Promise<Buffer> {
    // Never just the key that the row names: whoever can write rows could name one of their own.
    if (!this.keyIds.includes(keyId)) throw unreadableWrapping(keyId, context, 'key-encryption-key');
    try {
      const dataKey = await this.kms.decrypt(keyId, Buffer.from(wrapped, 'base64'), encryptionContextOf(context));
      if (dataKey.length !== DATA_KEY_BYTES) throw unreadableWrapping(keyId, context, 'wrapped-key');
      return dataKey;
    } catch (error) {
      throw error instanceof KmsRefusal ? unreadableWrapping(keyId, context, error.check, error) : error;
    }
  }
}

function encryptionContextOf({ dataKeyId, owner }: DataKeyContext): EncryptionContext {
  return { dataKeyId, ownerKind: owner.kind, ownerId: owner.id };
}
