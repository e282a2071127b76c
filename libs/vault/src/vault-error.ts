import { DomainError } from '@app/platform';

/** Which check refused: each is one sentence in `docs/security.md`. */
export type VaultCheck =
  | 'form'
  | 'key-id'
  | 'context'
  | 'commitment'
  | 'content'
  | 'data-key-absent'
  | 'data-key-destroyed'
  | 'data-key-owner'
  | 'key-encryption-key'
  | 'key-encryption-key-refused'
  | 'wrapped-key';

/**
 * `SECRET_UNREADABLE`: a sealed secret; `DATA_KEY_UNREADABLE`: the data key of an owner; `KEY_ENCRYPTION_KEY_UNUSABLE`: the key that should wrap;
 * `KEYS_UNUSABLE`: the configured keys do not fit the database.
 */
export type VaultErrorCode =
  'SECRET_UNREADABLE' | 'DATA_KEY_UNREADABLE' | 'KEY_ENCRYPTION_KEY_UNUSABLE' | 'KEYS_UNUSABLE';

/** Trying again does not help: a key is missing or wrong, or what is stored was changed. It names the check that refused, never content. */
export class VaultError extends DomainError {
  constructor(
    code: VaultErrorCode,
    readonly check: VaultCheck,
    message: string,
    cause?: unknown,
  ) {
    super('unavailable', code, message, { facts: { check }, cause });
  }
}

/** What each check that refused means, to follow "cannot be read: ". */
export const checkMeanings: Record<VaultCheck, string> = {
  form: 'what is stored is not in the form that the vault writes',
  'key-id': 'it was encrypted under another key than the one named beside it',
  context: 'it was encrypted for another place than the one it stands in',
  commitment: 'it was encrypted with another key of the same id',
  content: 'the encrypted content was changed',
  'data-key-absent': 'its data key is not in the database',
  'data-key-destroyed': 'its data key was destroyed',
  'data-key-owner': 'its data key belongs to another owner',
  'key-encryption-key': 'the key-encryption key of its data key is not configured',
  'key-encryption-key-refused': 'its service refuses the use of the key-encryption key',
  'wrapped-key': 'what is stored was wrapped for another data key or owner, or by another key, or was changed',
};
