import { DomainError } from '@app/platform';

/** Why a token lets nobody in: this installation takes none, it is past its time, or it is not a token of our issuer for us. */
export type AccessTokenRefusalCode = 'JWT_NOT_CONFIGURED' | 'JWT_EXPIRED' | 'JWT_INVALID';

/** An access token that lets nobody in. */
export class AccessTokenRefused extends DomainError {
  /** `callerId` is who the issuer gave the token to, of one whose signature was good, for the audit trail. */
  constructor(
    code: AccessTokenRefusalCode,
    message: string,
    readonly callerId?: string,
  ) {
    super('unauthenticated', code, message);
  }
}
