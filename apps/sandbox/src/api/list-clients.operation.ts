import { z } from 'zod';
import type { Answer, Call, Surface } from '../operation.js';
import { badRequest } from '../qlik-error.js';
import { parsed } from '../request-body.js';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { linksOf } from './client-page.links.js';
import { pageOf, type Sort, type SortField } from './client-page.js';
import { connectionStatus, describeClient, describePublishedClient, type OAuthClient } from './oauth-client.js';
import { type Filter, parseFilter } from './scim-filter.js';

const querySchema = z.object({
  filter: z.string().optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
  next: z.string().optional(),
  prev: z.string().optional(),
  sort: z.string().default('+createdAt'),
  totalResults: z.enum(['true', 'false']).default('false'),
});

const filterAttributes: Record<Surface, readonly string[]> = {
  tenant: ['clientId', 'clientName', 'appType', 'tenantId'],
  organisation: ['clientId', 'clientName', 'appType'],
};

const sortFields: Record<Surface, readonly SortField[]> = {
  tenant: ['clientId', 'clientName', 'appType', 'tenantId', 'createdAt', 'updatedAt'],
  organisation: ['clientId', 'clientName', 'appType', 'createdAt', 'updatedAt'],
};

/** GET /oauth-clients: 200 with one page, links and, on request, the total; new clients and secrets appear after the tenant's list lag. */
export function listClients(store: TenantStore, call: Call): Answer {
  const { tenant, surface } = call;
  const query = parsed(call.query, querySchema, 'query');
  if (query.next !== undefined && query.prev !== undefined) throw badRequest('next and prev exclude each other');
  const sort = readSort(query.sort, sortFields[surface]);
  const matches = readFilter(query.filter, call);
  const listedUntil = Date.now() - tenant.settings.lagMs;
  const clients = [...listable(store, tenant)].filter(
    (client) => client.createdAtMs <= listedUntil && matches(attributesOf(client, tenant)),
  );
  const page = pageOf(clients, sort, query.limit, query);
  const body = {
    data: page.clients.map((client) => describeListed(client, tenant, listedUntil)),
    links: linksOf(page, call),
    ...(query.totalResults === 'true' ? { totalResults: clients.length } : {}),
  };
  return { status: 200, body };
}

function* listable(store: TenantStore, tenant: Tenant): Generator<OAuthClient> {
  yield* tenant.clients.values();
  for (const clientId of tenant.connectionConfigs.keys()) {
    const found = store.findClient(tenant, clientId);
    if (found !== undefined && found.owner !== tenant) yield found.client;
  }
}

function describeListed(client: OAuthClient, tenant: Tenant, listedUntil: number) {
  const own = tenant.clients.has(client.clientId);
  const visible = { ...client, secrets: client.secrets.filter((secret) => secret.createdAtMs <= listedUntil) };
  const shown = own ? describeClient(visible, tenant) : describePublishedClient(visible, tenant);
  if (shown.connectionConfig === undefined) return shown;
  const { consentMethod } = shown.connectionConfig;
  return {
    ...shown,
    connectionConfig: { status: connectionStatus(consentMethod), consentMethod, deletedByOwner: false },
  };
}

function attributesOf(client: OAuthClient, tenant: Tenant): Record<string, string> {
  const { clientId, clientName, appType } = client;
  return { clientId, clientName, appType, tenantId: tenant.tenantId };
}

function readFilter(filter: string | undefined, call: Call): Filter {
  if (filter === undefined || call.tenant.settings.unknowns.filterIgnored) return () => true;
  return parseFilter(filter, filterAttributes[call.surface]);
}

function readSort(text: string, fields: readonly SortField[]): Sort {
  // A plus sign that the caller did not escape arrives as a space.
  const match = /^([+ -])(.+)$/.exec(text);
  const field = fields.find((known) => known === match?.[2]);
  if (field === undefined) throw badRequest(`sort: must be + or - and one of ${fields.join(', ')}`);
  return { field, descending: match?.[1] === '-' };
}
