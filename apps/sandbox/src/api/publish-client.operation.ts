import type { Answer, Call } from '../operation.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { timestamp } from '../timestamp.js';

/** POST /oauth-clients/{id}/actions/publish: 201 `{publishedAt}`; from then on every tenant of the region knows the client. A second call changes nothing. */
export function publishClient(store: TenantStore, call: Call): Answer {
  const client = store.getOwnClient(call.tenant, call.params.id ?? '');
  const publishedAt = client.publishedAt ?? timestamp(Date.now());
  if (client.publishedAt === undefined) {
    store.commit(call.tenant, [{ kind: 'client', client: { ...client, publishedAt } }]);
  }
  return { status: 201, body: { publishedAt } };
}
