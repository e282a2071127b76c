import type { OAuthClient } from '../api/oauth-client.js';
import type { OperationName } from '../operation.js';
import { noCounts, usersOf, type Counters, type Tenant } from '../tenants/tenant.js';

/** One client for tests to look at: what is stored, never a secret or its hash. */
function describeForTests(client: OAuthClient, tenant: Tenant) {
  const { clientId, clientName, appType, allowedGrantTypes, allowedScopes, allowedAuthMethods } = client;
  const { redirectUris, allowedOrigins, createdAt, updatedAt, publishedAt, ownerId } = client;
  return {
    ...{ tenantHost: tenant.host, clientId, clientName, appType },
    consentMethod: tenant.connectionConfigs.get(clientId) ?? null,
    ...{ allowedGrantTypes, allowedScopes, allowedAuthMethods, redirectUris, allowedOrigins },
    hints: client.secrets.map((secret) => secret.hint),
    secrets: client.secrets.map(({ hint, createdAt: at, createdBy }) => ({ hint, createdAt: at, createdBy })),
    ...{ createdAt, updatedAt, publishedAt, ownerId },
  };
}

/** The state of these tenants together: clients, counters summed (`secretsAtMost`: the highest) and requests per operation. */
export function describeState(tenants: Iterable<Tenant>) {
  const counters = noCounts();
  const requests: Partial<Record<OperationName, number>> = {};
  const clients: ReturnType<typeof describeForTests>[] = [];
  for (const tenant of tenants) {
    for (const client of tenant.clients.values()) clients.push(describeForTests(client, tenant));
    addCounters(counters, tenant.counters);
    for (const [operation, count] of Object.entries(tenant.requests) as [OperationName, number][]) {
      requests[operation] = (requests[operation] ?? 0) + count;
    }
  }
  return { clients, ...counters, requests };
}

/** What only one tenant has: its id, users and settings. */
export function describeTenant(tenant: Tenant) {
  return { tenantHost: tenant.host, tenantId: tenant.tenantId, ...tenant.settings, users: usersOf(tenant) };
}

function addCounters(sum: Counters, more: Counters): void {
  for (const key of Object.keys(sum) as (keyof Counters)[]) {
    sum[key] = key === 'secretsAtMost' ? Math.max(sum[key], more[key]) : sum[key] + more[key];
  }
}
