import type { KMSClient } from '@aws-sdk/client-kms';
import { explainKmsError } from './aws-kms-failure.js';

/** Ids that AWS KMS binds a ciphertext to, and writes to its own log. */
export type EncryptionContext = Record<string, string>;

/** How long one call may take with all its retries, and finding out who we are. */
export const ANSWER_WITHIN_MS = 8_000;

/** The three calls to AWS KMS that are needed. Each throws KmsRefusal, or KeyProviderError where trying again can help. */
export class AwsKms {
  constructor(
    private readonly sdk: typeof import('@aws-sdk/client-kms'),
    private readonly client: KMSClient,
    readonly region: string,
    private readonly answerWithinMs = ANSWER_WITHIN_MS,
  ) {}

  /** Encrypts; resolves to the ciphertext and the ARN of the key that made it. */
  async encrypt(
    keyId: string,
    plaintext: Uint8Array,
    context: EncryptionContext,
  ): Promise<{ keyArn: string; ciphertext: Buffer }> {
    const command = new this.sdk.EncryptCommand({ KeyId: keyId, Plaintext: plaintext, EncryptionContext: context });
    const { KeyId, CiphertextBlob } = await this.ask((options) => this.client.send(command, options));
    return { keyArn: this.present(KeyId), ciphertext: bytes(this.present(CiphertextBlob)) };
  }

  /** Decrypts with exactly this key and context; the caller zeroes what it gets. */
  async decrypt(keyArn: string, ciphertext: Uint8Array, context: EncryptionContext): Promise<Buffer> {
    const command = new this.sdk.DecryptCommand({
      KeyId: keyArn,
      CiphertextBlob: ciphertext,
      EncryptionContext: context,
    });
    const { Plaintext } = await this.ask((options) => this.client.send(command, options));
    return bytes(this.present(Plaintext));
  }

  /** The ARN of the key that an alias or an id names now. */
  async getKeyArn(keyId: string): Promise<string> {
    const command = new this.sdk.DescribeKeyCommand({ KeyId: keyId });
    const { KeyMetadata } = await this.ask((options) => this.client.send(command, options));
    return this.present(KeyMetadata?.Arn);
  }

  private async ask<Answer>(send: (options: { abortSignal: AbortSignal }) => Promise<Answer>): Promise<Answer> {
    const abortSignal = AbortSignal.timeout(this.answerWithinMs);
    const tooLate = new Promise<never>((_resolve, reject) =>
      abortSignal.addEventListener('abort', () => reject(abortSignal.reason as Error), { once: true }),
    );
    try {
      // The signal alone ends a request, but not the search for credentials before it.
      return await Promise.race([send({ abortSignal }), tooLate]);
    } catch (error) {
      throw explainKmsError(error, this.region);
    }
  }

  private present<Value>(value: Value | undefined): Value {
    if (value !== undefined) return value;
    throw explainKmsError(new Error('An answer lacks a member.'), this.region);
  }
}

function bytes({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
