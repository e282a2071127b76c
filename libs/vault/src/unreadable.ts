import type { EnvelopeError } from './envelope.js';
import type { DataKeyContext } from './key-provider.js';
import type { SecretContext } from './secret-context.js';
import { checkMeanings, type VaultCheck, VaultError } from './vault-error.js';

/** The error for a data key that is not there for its owner; `which` names it. */
export function unreadableDataKey(check: VaultCheck, which: string): VaultError {
  return new VaultError('DATA_KEY_UNREADABLE', check, `The data key ${which} cannot be used: ${checkMeanings[check]}.`);
}

/** The error for a data key that its key-encryption key does not open, with what to do. */
export function unreadableWrapping(
  keyId: string,
  { dataKeyId }: DataKeyContext,
  check: VaultCheck,
  cause?: unknown,
): VaultError {
  return new VaultError(
    'DATA_KEY_UNREADABLE',
    check,
    `The data key "${dataKeyId}" cannot be read with the key-encryption key "${keyId}": ${checkMeanings[check]}. ${nextStep(keyId, check)}`,
    cause,
  );
}

/** The error for a key-encryption key that does not wrap, and what its service says. */
export function unusableKey(keyId: string, reason: string, cause?: unknown): VaultError {
  return new VaultError(
    'KEY_ENCRYPTION_KEY_UNUSABLE',
    'key-encryption-key-refused',
    `The key-encryption key "${keyId}" does not wrap data keys: ${reason}. Enable the key, and allow this process to encrypt and decrypt with it.`,
    cause,
  );
}

/** The error for keys that do not open what the database has, by the data keys that were tried. */
export function unusableKeys(failures: readonly [VaultError, ...VaultError[]]): VaultError {
  const lines = failures.map((failure) => `  ${failure.message}`).join('\n');
  const [first] = failures;
  return new VaultError('KEYS_UNUSABLE', first.check, `The keys do not fit the database.\n${lines}`, first);
}

/** The error for a secret that does not open. */
export function unreadableSecret(
  { secretId, version, purpose }: SecretContext,
  cause: VaultError | EnvelopeError,
): VaultError {
  const reason = cause instanceof VaultError ? cause.message : `${checkMeanings[cause.check]}.`;
  const next = cause instanceof VaultError ? '' : ' Restore the row from a backup, or replace the secret by a new one.';
  const which = `The ${purpose} "${secretId}", version ${version}, cannot be read`;
  return new VaultError('SECRET_UNREADABLE', cause.check, `${which}: ${reason}${next}`, cause);
}

function nextStep(keyId: string, check: VaultCheck): string {
  if (check === 'key-encryption-key') {
    return keyId.startsWith('arn:')
      ? `Add "${keyId}" to AWS_KMS_KEY_IDS again and restart.`
      : `Add "${keyId}" to LOCAL_KEYS again and restart.`;
  }
  if (check === 'key-encryption-key-refused') return 'Enable the key, and allow this process to decrypt with it.';
  if (check === 'commitment') return `Give "${keyId}" in LOCAL_KEYS the value it had when the data key was made.`;
  return 'Restore the row from a backup.';
}
