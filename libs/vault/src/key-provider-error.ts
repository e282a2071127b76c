import { DomainError } from '@app/platform';
import { VaultError } from './vault-error.js';

/** `KEY_PROVIDER_UNAVAILABLE`: what holds the key-encryption keys failed; it passes when the provider answers again. */
export class KeyProviderError extends DomainError {
  constructor(cause: unknown) {
    super(
      'unavailable',
      'KEY_PROVIDER_UNAVAILABLE',
      'The service that holds the key-encryption keys did not do what it was asked. Look at its state and at the way to it; nothing was lost, and the same request works once it answers.',
      { retryAfterSeconds: 5, cause },
    );
  }
}

/** For the `catch` of a call to a key provider: throws a VaultError as it is, since no retry can help there, and anything else as a KeyProviderError. */
export function throwKeyProviderError(error: unknown): never {
  throw error instanceof VaultError ? error : new KeyProviderError(error);
}
