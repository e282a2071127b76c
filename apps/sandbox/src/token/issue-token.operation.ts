import { acceptsSecret } from '../api/client-secret.js';
import type { OAuthClient } from '../api/oauth-client.js';
import type { Answer, Call } from '../operation.js';
import { QlikError } from '../qlik-error.js';
import { parsed } from '../request-body.js';
import type { Tenant } from '../tenants/tenant.js';
import { userIdFor } from '../tenants/tenant.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import type { TokenKind, TokenSigner } from './access-token.js';
import { acceptsAssertion } from './client-assertion.js';
import { impersonatedUserId, notAuthorised } from './impersonation.js';
import type { ParentClients } from './parent-clients.js';
import { type TokenRequest, tokenRequestSchema } from './token-request.schema.js';

/** What the token endpoint works with. */
export interface TokenIssuer {
  store: TenantStore;
  parents: ParentClients;
  signer: TokenSigner;
}

/** POST /oauth/token: 200 with a token for this host alone; 400 or 401 in Qlik's envelope, without telling a wrong secret from an unknown client. */
export function issueToken(issuer: TokenIssuer, call: Call): Answer {
  const request = parsed(call.body, tokenRequestSchema, 'body');
  const { tenant } = call;
  const bot = userIdFor(tenant.host, request.client_id);
  if (issuer.parents.knows(tenant.host, request.client_id)) {
    authenticateParent(issuer.parents, tenant, request);
    if (request.grant_type !== 'client_credentials') throw notAuthorised(403, 'This client may not impersonate');
    return grant(issuer, tenant, request, 'administrator', bot, request.scope ?? 'user_default');
  }
  const client = issuer.store.findClient(tenant, request.client_id)?.client;
  const authenticated =
    client !== undefined && client.disableTag === undefined && isAuthenticated(client, tenant, request);
  if (!authenticated) throw invalidClient(tenant);
  if (!client.allowedGrantTypes.includes(request.grant_type)) {
    throw notAuthorised(400, 'The client does not allow this grant type');
  }
  const scope = scopeWithin(client, request.scope);
  if (request.grant_type === 'client_credentials') return grant(issuer, tenant, request, 'bot', bot, scope);
  const userId = impersonatedUserId(tenant, client, request);
  return grant(issuer, tenant, request, 'user', userId, scope);
}

function authenticateParent(parents: ParentClients, tenant: Tenant, request: TokenRequest): void {
  const admitted = parents.admits(tenant.host, request.client_id, request.client_secret ?? '');
  if (!admitted) throw invalidClient(tenant);
}

function isAuthenticated(client: OAuthClient, tenant: Tenant, request: TokenRequest): boolean {
  const now = Date.now();
  const { secretPropagationMs, privateKeyJwtRefused } = tenant.settings.unknowns;
  if (request.client_assertion !== undefined) {
    if (!client.allowedAuthMethods.includes('private_key_jwt')) return false;
    if (privateKeyJwtRefused) throw notAuthorised(400, 'private_key_jwt is not available for this client');
    return acceptsAssertion(request.client_assertion, client.clientId, client.publicKeys ?? [], now);
  }
  if (!client.allowedAuthMethods.includes('client_secret')) return false;
  return acceptsSecret(client, request.client_secret ?? '', now, secretPropagationMs);
}

function scopeWithin(client: OAuthClient, requested: string | undefined): string {
  if (requested === undefined) return client.allowedScopes.join(' ');
  const allowed = requested.split(' ').every((scope) => client.allowedScopes.includes(scope));
  if (!allowed) throw new QlikError(400, 'invalid_scope', 'Invalid scope', 'The client does not allow this scope');
  return requested;
}

function grant(
  { store, signer }: TokenIssuer,
  tenant: Tenant,
  request: TokenRequest,
  kind: TokenKind,
  sub: string,
  scope: string,
): Answer {
  const iat = Math.floor(Date.now() / 1000);
  const expiresIn = tenant.settings.tokenSeconds;
  const exp = iat + expiresIn;
  const { host, tenantId } = tenant;
  const accessToken = signer.sign({
    ...{ iss: `https://${host}`, aud: 'qlik.api', sub, subType: 'user', host, tenantId },
    ...{ clientId: request.client_id, scope, kind, iat, exp },
  });
  store.commit(tenant, [{ kind: 'counted' }], { tokensMinted: 1 });
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: accessToken,
      token_type: 'bearer',
      scope,
      expires_at: new Date(exp * 1000).toISOString(),
      expires_in: expiresIn,
    },
  };
}

function invalidClient(tenant: Tenant): QlikError {
  const status = tenant.settings.unknowns.wrongSecretStatus;
  return new QlikError(status, 'invalid_client', 'Client authentication failed');
}
