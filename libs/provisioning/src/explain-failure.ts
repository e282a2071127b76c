import { QlikError } from '@app/qlik';
import type { Failure, RunError } from '@app/runs';
import { VaultError } from '@app/vault';

/** Codes that a moment may mend, and a person must if it does not. */
const MEND_THEMSELVES = new Set(['CREDENTIAL_REFUSED', 'TENANT_NOT_FOUND']);

const VAULT_HINT = 'Give the worker the key-encryption key that the message names, restart it, then retry the run.';

/** What an error of Qlik's or the vault's means for the attempt that met it (docs/runbook.md has an entry per code). */
export function explainFailure(error: unknown): Failure | undefined {
  if (error instanceof VaultError)
    return { kind: 'attention', error: { code: error.code, message: error.message, hint: VAULT_HINT } };
  if (!(error instanceof QlikError)) return undefined;
  const runError = toRunError(error);
  switch (error.failure) {
    case 'rate-limited':
      return { kind: 'wait-for', forMs: error.retryAfterMs ?? 0, error: runError };
    case 'unavailable':
    case 'aborted':
      return {
        kind: 'retry',
        exhausted: MEND_THEMSELVES.has(error.code) ? 'needs_attention' : 'failed',
        error: runError,
      };
    case 'refused':
      return MEND_THEMSELVES.has(error.code)
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
