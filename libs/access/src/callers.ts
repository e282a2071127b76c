import type { AccessTokens } from './access-tokens/access-tokens.js';
import { AccessTokenRefused } from './access-tokens/access-token-refused.js';
import type { ApiKeys } from './api-keys.js';
import type { Caller } from './caller.js';

/** Three parts with dots between them, as no API key has: a signed JWT, or an unsigned one whose last part is empty. */
const JWT = /^[^.]+\.[^.]+\.[^.]*$/;

/** Who calls: the holder of an API key, or of an access token if this installation takes them. */
export class Callers {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly accessTokens: AccessTokens | undefined,
  ) {}

  /**
   * Takes what somebody offers apart, once for all requests that come with it. What is returned says who holds it, and decides that anew each
   * time; it throws, or rejects with, ApiKeyRefused, AccessTokenRefused or JWT_KEYS_UNAVAILABLE. Throws the first two for what can never be good.
   */
  read(token: string): () => Caller | Promise<Caller> {
    if (!JWT.test(token)) return this.apiKeys.read(token);
    const { accessTokens } = this;
    if (accessTokens !== undefined) return () => accessTokens.authenticate(token);
    throw new AccessTokenRefused(
      'JWT_NOT_CONFIGURED',
      'This installation takes no access tokens: send an API key, or have JWT_ISSUER and JWT_AUDIENCE set.',
    );
  }
}
