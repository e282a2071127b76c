import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

/** What a token lets its bearer be: the administrator of a tenant, the bot of an impersonation client, or a user. */
export type TokenKind = 'administrator' | 'bot' | 'user';

/** The claims of an access token; nothing in them comes from a secret. */
export interface AccessTokenClaims {
  iss: string;
  aud: string;
  /** The id of the user it speaks for. */
  sub: string;
  subType: 'user';
  /** The one host that accepts it. */
  host: string;
  tenantId: string;
  clientId: string;
  scope: string;
  kind: TokenKind;
  jti: string;
  /** Seconds since the epoch. */
  iat: number;
  exp: number;
}

const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');

/** Makes and checks this sandbox's access tokens: JWTs, so that their claims can be shown, signed with a key that only it has. */
export class TokenSigner {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** A signed token with these claims and an id of its own. */
  sign(claims: Omit<AccessTokenClaims, 'jti'>): string {
    const payload = Buffer.from(JSON.stringify({ ...claims, jti: randomUUID() })).toString('base64url');
    return `${header}.${payload}.${this.#signature(`${header}.${payload}`).toString('base64url')}`;
  }

  /** The claims of a token that this sandbox signed and that has not expired at `now` (epoch milliseconds), else undefined. */
  read(token: string, now: number): AccessTokenClaims | undefined {
    const [head, payload, signature, rest] = token.split('.');
    if (head !== header || payload === undefined || signature === undefined || rest !== undefined) return undefined;
    const expected = this.#signature(`${head}.${payload}`);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as AccessTokenClaims;
    return claims.exp * 1000 > now ? claims : undefined;
  }

  #signature(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}
