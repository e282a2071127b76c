import { ConfigurationError, DomainError } from '@app/platform';
import { VaultError } from './vault-error.js';

/** `KEY_PROVIDER_UNAVAILABLE`: what holds the key-encryption keys failed; it passes when the provider answers again. */
export class KeyProviderError extends DomainError {
  /** `service` begins the sentence, `failure` is the service's own word for what went wrong, `tries` how often it was asked. */
  constructor(
    cause: unknown,
    private readonly service = 'The service that holds the key-encryption keys',
    private readonly failure?: string,
    tries?: number,
  ) {
    const reason = failure === undefined ? '' : ` (${failure})`;
    const often = tries === undefined ? '' : ` It was asked ${tries} times.`;
    super(
      'unavailable',
      'KEY_PROVIDER_UNAVAILABLE',
      `${service} did not do what it was asked${reason}. Look at its state and at the way to it; nothing was lost, and the same request works once it answers.${often}`,
      { retryAfterSeconds: 5, cause },
    );
  }

  /** The same, to say that it was asked so often. */
  after(tries: number): KeyProviderError {
    return new KeyProviderError(this.cause, this.service, this.failure, tries);
  }
}

/** For the `catch` of a call to a key provider: throws as it is what no retry can help, and anything else as a KeyProviderError. */
export function throwKeyProviderError(error: unknown): never {
  const named = error instanceof VaultError || error instanceof KeyProviderError || error instanceof ConfigurationError;
  throw named ? error : new KeyProviderError(error);
}
