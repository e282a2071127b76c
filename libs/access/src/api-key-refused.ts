import { DomainError } from '@app/platform';

/** Why a key lets nobody in: not of our form, not one of ours, past its date, or taken back. */
export type ApiKeyRefusalCode = 'API_KEY_MALFORMED' | 'API_KEY_UNKNOWN' | 'API_KEY_EXPIRED' | 'API_KEY_REVOKED';

/** An API key that lets nobody in. */
export class ApiKeyRefused extends DomainError {
  /** `keyId` is that of a key that exists, for the audit trail; it is no part of what the caller is told. */
  constructor(
    code: ApiKeyRefusalCode,
    message: string,
    readonly keyId?: string,
  ) {
    super('unauthenticated', code, message);
  }
}
