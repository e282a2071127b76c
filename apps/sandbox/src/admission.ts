import { QlikError, forbidden, notFound, unauthorized } from './qlik-error.js';
import type { Tenant } from './tenants/tenant.js';
import type { TenantStore } from './tenants/tenant.store.js';
import type { TokenSigner } from './token/access-token.js';
import { type OperationName } from './operation.js';
import { tierOf } from './rate-tier.js';

/** Refuses every request to a tenant that is gone (404) or disabled (401 TENANT_DISABLED). */
export function checkTenantIsOpen(tenant: Tenant): void {
  if (tenant.settings.gone) throw notFound('There is no such tenant');
  if (tenant.settings.disabled) throw new QlikError(401, 'TENANT_DISABLED', 'Tenant is disabled');
}

/** The id of the administrator whose token this is: 401 without a valid token for exactly this tenant, 403 for a token that is not an administrator's. */
export function administratorId(
  store: TenantStore,
  signer: TokenSigner,
  tenant: Tenant,
  authorization: string | undefined,
): string {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw unauthorized('A bearer token is required');
  const claims = signer.read(token, Date.now());
  if (claims === undefined) throw unauthorized('The token is not valid or has expired');
  if (claims.host !== tenant.host) {
    store.commit(tenant, [{ kind: 'counted' }], { foreignTokens: 1 });
    throw unauthorized('The token is for another tenant');
  }
  if (claims.kind !== 'administrator') throw forbidden('The TenantAdmin role is required');
  if (tenant.settings.forbidden) throw forbidden('The client no longer has the TenantAdmin role');
  return claims.sub;
}

/** Takes one request from the operation's tier: 429 with Retry-After in seconds once the minute's limit is reached. */
export function takeFromTier(tenant: Tenant, operation: OperationName): void {
  const tier = tierOf[operation];
  if (tier === undefined) return;
  const { tier1PerMinute, tier2PerMinute } = tenant.settings.limits;
  const waitSeconds = tenant.tiers[tier].take(tier === 1 ? tier1PerMinute : tier2PerMinute, Date.now());
  if (waitSeconds > 0) throw tooManyRequests(String(waitSeconds));
}

/** 429 with this Retry-After, or without one. */
export function tooManyRequests(retryAfter: string | undefined): QlikError {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return new QlikError(429, 'HTTP-429', 'Too many requests', undefined, headers);
}
