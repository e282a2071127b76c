import type { Answer, Call } from '../operation.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { describeClient, describePublishedClient } from './oauth-client.js';

/** GET /oauth-clients/{id}: 200, for the tenant's own clients and those published in its region; else 404. */
export function getClient(store: TenantStore, call: Call): Answer {
  const { client, owner } = store.getClient(call.tenant, call.params.id ?? '');
  const describe = owner === call.tenant ? describeClient : describePublishedClient;
  return { status: 200, body: describe(client, call.tenant) };
}
