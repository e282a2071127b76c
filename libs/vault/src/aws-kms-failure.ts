import { ConfigurationError } from '@app/platform';
import { KeyProviderError } from './key-provider-error.js';
import type { VaultCheck } from './vault-error.js';

/** What AWS KMS answers where a person must change something at AWS first. */
const REFUSED = [
  'AccessDeniedException',
  'DisabledException',
  'InvalidArnException',
  'InvalidKeyUsageException',
  'KMSInvalidStateException',
  'NotFoundException',
];

/** What it answers where the ciphertext, its encryption context and its key do not belong together. */
const MISMATCHED = ['IncorrectKeyException', 'InvalidCiphertextException', 'ValidationException'];

/** AWS KMS refused, and would again: `check` says why. */
export class KmsRefusal extends Error {
  override readonly name = 'KmsRefusal';

  constructor(
    readonly check: Extract<VaultCheck, 'key-encryption-key-refused' | 'wrapped-key'>,
    /** The service's own name for it. */
    readonly exception: string,
    message: string,
  ) {
    super(message);
  }
}

interface SdkError {
  name?: string;
  code?: string | number;
  message?: string;
  $fault?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string; attempts?: number };
}

/** What an error of the SDK's means: a KmsRefusal, or a KeyProviderError for all that passes: throttling, a fault of the service, the network, our credentials. */
export function explainKmsError(error: unknown, region: string): Error {
  if (error instanceof ConfigurationError) return error;
  const { name = 'Error' } = error as SdkError;
  if (REFUSED.includes(name)) return new KmsRefusal('key-encryption-key-refused', name, describe(error as SdkError));
  if (MISMATCHED.includes(name)) return new KmsRefusal('wrapped-key', name, describe(error as SdkError));
  const cause = new Error(describe(error as SdkError));
  const service = `AWS KMS in "${region}", which holds the key-encryption keys,`;
  return new KeyProviderError(cause, service, nameFailure(error as SdkError));
}

function nameFailure({ name, code, $fault, $metadata: { httpStatusCode = 0 } = {} }: SdkError): string | undefined {
  if ($fault !== undefined) return name;
  if (typeof code === 'string') return code;
  return httpStatusCode >= 400 ? `HTTP ${httpStatusCode}` : name;
}

/** What may be kept of it: an error about an answer that could not be read quotes the answer, which may be a data key. */
function describe({
  name = 'Error',
  code,
  message,
  $fault,
  $metadata: { httpStatusCode, requestId, attempts } = {},
}: SdkError): string {
  const said = $fault === undefined ? '' : `: ${message}`;
  return `${name}${said} (${JSON.stringify({ code, httpStatusCode, requestId, attempts })})`;
}
