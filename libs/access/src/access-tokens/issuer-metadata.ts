import { z } from 'zod';

const TIMEOUT_MS = 5_000;

const IssuerMetadata = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/**
 * Where the issuer says that its keys are: in the metadata of RFC 8414, else in those of OpenID Connect Discovery 1.0. Rejects when
 * neither can be had, names another issuer, or (`httpsOnly`) names a URL without https.
 */
export async function findJwksUrl(issuer: string, httpsOnly: boolean): Promise<URL> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  for (const place of places) {
    const response = await fetch(place, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      continue;
    }
    const metadata = IssuerMetadata.parse(await response.json());
    if (metadata.issuer !== issuer) {
      throw new Error(`The metadata at "${place}" are of the issuer "${metadata.issuer.slice(0, 200)}".`);
    }
    if (httpsOnly && !metadata.jwks_uri.startsWith('https://')) {
      throw new Error(`The metadata at "${place}" name keys at a URL without https.`);
    }
    return new URL(metadata.jwks_uri);
  }
  throw new Error(`The issuer answers with metadata at neither "${places.join('" nor "')}".`);
}
