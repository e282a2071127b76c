import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** The audience of the tests' tokens. */
export const AUDIENCE = 'https://onboarding.example';

/** How a token is to differ from a good one. */
export interface TokenChanges {
  header?: Record<string, unknown>;
  /** Signs with another key than the issuer's first. */
  key?: CryptoKey | Uint8Array;
  /** The claim `exp`; null leaves it out. */
  expiresInSeconds?: number | null;
}

/** An OAuth2 server of the tests' own: it publishes metadata and keys, and signs what it is told to. */
export class TokenIssuer {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** The metadata it serves, by path; by default both documents name it and its keys. */
  readonly documents = new Map<string, unknown>();
  readonly #waiting = new Map<string, () => void>();
  /** Answers everything with 500. */
  isDown = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
    readonly publicKey: CryptoKey,
    readonly privateKey: CryptoKey,
  ) {}

  static async start(path = ''): Promise<TokenIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const issuer = new TokenIssuer(server, `${origin}${path}`, publicKey, privateKey);
    server.on('request', ({ url = '' }, response) => {
      issuer.asked.push(url);
      response.once('finish', () => issuer.#waiting.get(url)?.());
      const document = issuer.documents.get(url);
      response.writeHead(issuer.isDown ? 500 : document === undefined ? 404 : 200, {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify(issuer.isDown ? {} : (document ?? {})));
    });
    const metadata = { issuer: issuer.url, jwks_uri: `${origin}/keys` };
    issuer.documents.set(`/.well-known/oauth-authorization-server${path}`, metadata);
    issuer.documents.set(`${path}/.well-known/openid-configuration`, metadata);
    issuer.publish([{ ...(await exportJWK(publicKey)), kid: 'first', alg: 'RS256', use: 'sig' }]);
    return issuer;
  }

  /** Calls back when `path` was answered. */
  onceAsked(path: string, answered: () => void): void {
    this.#waiting.set(path, answered);
  }

  /** Publishes the same keys at `path` alone. */
  moveKeys(path: string): void {
    const keys = this.documents.get('/keys');
    this.documents.delete('/keys');
    this.documents.set(path, keys);
    const metadata = { issuer: this.url, jwks_uri: new URL(path, this.url).href };
    for (const place of this.documents.keys()) if (place.includes('.well-known')) this.documents.set(place, metadata);
  }

  publish(keys: JWK[]): void {
    this.documents.set('/keys', { keys });
  }

  /** The public key as an attacker knows it. */
  publicKeyAsText(): Promise<string> {
    return exportSPKI(this.publicKey);
  }

  /** A token of `crm` for us, good for five minutes but for the changes; a claim that is undefined is left out. */
  sign(claims: JWTPayload = {}, { header = {}, key, expiresInSeconds = 300 }: TokenChanges = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const exp = expiresInSeconds === null ? {} : { exp: now + expiresInSeconds };
    return new SignJWT({ iss: this.url, aud: AUDIENCE, sub: 'crm', iat: now, ...exp, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'first', typ: 'at+jwt', ...header })
      .sign(key ?? this.privateKey);
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
