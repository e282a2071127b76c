import { RotationUnreadable } from '@app/customers';
import { QlikError } from '@app/qlik';
import type { Failure, RunError } from '@app/runs';
import { KeyProviderError, VaultError } from '@app/vault';

/** What to do about a check of the vault's that refused; the others ask for a key. */
const vaultHints: Partial<Record<VaultError['check'], string>> = {
  form: 'Restore what is stored from a backup, then retry the run.',
  'key-id': 'Restore what is stored from a backup, then retry the run.',
  context: 'Restore what is stored from a backup, then retry the run.',
  content: 'Restore what is stored from a backup, then retry the run.',
  'data-key-absent': 'Restore the data key from a backup, then retry the run.',
  'data-key-destroyed': 'Nothing can be read any more that was sealed with this key: cancel the run.',
  'data-key-owner': 'Restore what is stored from a backup, then retry the run.',
  'key-encryption-key-refused':
    'Have the key that the message names enabled at its service, and allow the worker to use it; then retry the run.',
};

const KEY_HINT = 'Give the worker the key-encryption key that the message names, restart it, then retry the run.';

/** What an error of Qlik's, the vault's or its key provider's means for the attempt that met it (docs/runbook.md has an entry per code). */
export function explainFailure(error: unknown): Failure | undefined {
  if (error instanceof VaultError)
    return {
      kind: 'attention',
      error: { code: error.code, message: error.message, hint: vaultHints[error.check] ?? KEY_HINT },
    };
  if (error instanceof KeyProviderError) {
    const hint = 'Bring the key service back, or the way to it, then retry the run.';
    return { kind: 'retry', exhausted: 'failed', error: { code: error.code, message: error.message, hint } };
  }
  if (error instanceof RotationUnreadable) {
    const hint = 'Correct the customer’s rotation, then retry the run.';
    return { kind: 'attention', error: { code: 'ROTATION_UNREADABLE', message: error.message, hint } };
  }
  if (!(error instanceof QlikError)) return undefined;
  const runError = toRunError(error);
  switch (error.failure) {
    case 'held-back':
    case 'rate-limited':
      return { kind: 'wait-for', forMs: error.retryAfterMs ?? 0, error: runError };
    case 'unavailable':
    case 'aborted':
      return {
        kind: 'retry',
        // A name that does not resolve: of a tenant made just now perhaps, else a person must correct it.
        exhausted: error.code === 'TENANT_NOT_FOUND' ? 'needs_attention' : 'failed',
        error: runError,
        // Qlik says how long it will be away, so that the tries are not spent on that time.
        ...(error.retryAfterMs === undefined ? {} : { notBeforeMs: error.retryAfterMs }),
      };
    case 'refused':
      // A new secret may be refused for a while.
      return error.code === 'CREDENTIAL_REFUSED'
        ? { kind: 'retry', exhausted: 'needs_attention', error: runError }
        : { kind: 'attention', error: runError };
    case 'unreadable':
    case 'not-configured':
    case 'address-refused':
      return { kind: 'attention', error: runError };
  }
}

/** A QlikError as a run shows it. */
export function toRunError(error: QlikError): RunError {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    ...(error.qlik === undefined ? {} : { qlik: { ...error.qlik } }),
  };
}
