import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import type { AccessLogger, Clock } from '../access-options.js';
import type { Caller } from '../caller.js';
import { AccessTokenRefused } from './access-token-refused.js';
import { IssuerKeys, type IssuerKeysOptions } from './issuer-keys.js';
import { callerOf } from './token-claims.js';

/** Whose access tokens are taken. */
export interface AccessTokenOptions extends IssuerKeysOptions {
  audience: string;
  /** Of signatures; pinned, because a token that could choose would choose badly. */
  algorithms: string[];
}

/** How far the clocks of the issuer and of this machine may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_LENGTH = 8_192;
/** RFC 9068 wants `at+jwt`; many issuers write the general `JWT`, or nothing, which means the same (RFC 7519, section 5.1). */
const TYPES = ['at+jwt', 'jwt'];

/** OAuth2 access tokens of one issuer for one audience, checked on their own: the issuer is asked for its keys alone (RFC 9068, section 4). */
export class AccessTokens {
  readonly #keys: IssuerKeys;

  constructor(
    private readonly options: AccessTokenOptions,
    logger: AccessLogger,
    private readonly now: Clock,
  ) {
    this.#keys = new IssuerKeys(options, logger, now);
  }

  /** Who holds this token. Throws AccessTokenRefused, or JWT_KEYS_UNAVAILABLE while the issuer's keys cannot be had. */
  async authenticate(token: string): Promise<Caller> {
    if (token.length > MAX_LENGTH) throw invalid(`has more than ${MAX_LENGTH} characters`);
    const { issuer, audience, algorithms } = this.options;
    const { payload, protectedHeader } = await jwtVerify(token, this.#keys.find, {
      issuer,
      audience,
      algorithms,
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: this.now(),
    }).catch((error: unknown) => {
      throw this.#refusalOf(error);
    });
    const caller = callerOf(payload, issuer);
    if (caller === undefined) throw invalid('names neither a "sub" nor a "client_id"');
    assertBearer(protectedHeader, payload, caller);
    return caller;
  }

  #refusalOf(error: unknown): unknown {
    const { issuer, audience, algorithms } = this.options;
    if (error instanceof errors.JWTExpired) {
      return new AccessTokenRefused(
        'JWT_EXPIRED',
        `This access token expired ${describeTime(error.payload.exp ?? 0)}: get a new one from its issuer.`,
        idOf(error.payload, issuer),
      );
    }
    if (error instanceof errors.JWTClaimValidationFailed) {
      return invalid(describeClaim(error.claim, audience), idOf(error.payload, issuer));
    }
    if (error instanceof errors.JOSEAlgNotAllowed) return invalid(`is not signed with one of ${algorithms.join(', ')}`);
    if (error instanceof errors.JWKSNoMatchingKey) return invalid('is not signed with a key that the issuer publishes');
    if (error instanceof errors.JWKSMultipleMatchingKeys)
      return invalid('does not say which of the issuer\'s keys signed it ("kid")');
    if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('has a signature that does not fit');
    // Not a JWT at all, or one with a header or a form that nothing here knows.
    if (error instanceof errors.JOSEError) return invalid('cannot be read as a signed JWT');
    return error;
  }
}

/** Refuses a token of another kind, and one that is bound to a key of its holder's: that it was not stolen cannot be seen here. */
function assertBearer({ typ }: JWTHeaderParameters, { cnf }: JWTPayload, { id }: Caller): void {
  const kind = typ?.toLowerCase().replace(/^application\//, '');
  if (kind !== undefined && !TYPES.includes(kind)) throw invalid('is a JWT of another kind than an access token', id);
  if (cnf !== undefined) throw invalid('is bound to a key ("cnf"), which this API does not check', id);
}

function describeClaim(claim: string, audience: string): string {
  switch (claim) {
    case 'iss':
      return 'is of another issuer than the one that this API trusts';
    case 'aud':
      return `is not meant for this API, whose audience is "${audience}"`;
    case 'nbf':
      return 'is not valid yet';
    case 'exp':
      return 'does not say when it expires ("exp")';
    default:
      return `has a claim "${claim}" that cannot be`;
  }
}

/** Any number may be signed, also one that is no date. */
function describeTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? 'before any date there is' : `at ${at.toISOString()}`;
}

function idOf(payload: JWTPayload, issuer: string): string | undefined {
  return payload.iss === issuer ? callerOf(payload, issuer)?.id : undefined;
}

function invalid(what: string, callerId?: string): AccessTokenRefused {
  return new AccessTokenRefused('JWT_INVALID', `This access token ${what}: get another one from its issuer.`, callerId);
}
