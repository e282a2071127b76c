import type { FoundOnClient } from '@app/customers';
import type { OAuthClient } from '@app/qlik';
import type { WantedSettings } from '../client-settings.js';

/** What is left of that which the client had beyond what is wanted: what somebody took away since, or asks for by now, is not put back for its sake. Pure. */
export function foundStillThere(found: FoundOnClient, client: OAuthClient, wanted: WantedSettings): FoundOnClient {
  const left = (before: readonly string[], seen: readonly string[] = [], asked: readonly string[] = []) =>
    before.filter((entry) => seen.includes(entry) && !asked.includes(entry));
  return {
    hints: found.hints,
    grants: left(found.grants, client.allowedGrantTypes),
    scopes: left(found.scopes, client.allowedScopes, wanted.scopes),
    redirectUris: left(found.redirectUris, client.redirectUris, wanted.redirectUris),
    allowedOrigins: left(found.allowedOrigins, client.allowedOrigins, wanted.allowedOrigins),
  };
}
