import type { Answer, Call } from '../operation.js';
import { badRequest } from '../qlik-error.js';
import type { TenantStore } from '../tenants/tenant.store.js';

/** DELETE /oauth-clients/{id}: 204 if the header `qlik-confirm-delete` repeats the id, else 400; its secrets end with it. */
export function deleteClient(store: TenantStore, call: Call): Answer {
  const client = store.getOwnClient(call.tenant, call.params.id ?? '');
  if (call.headers['qlik-confirm-delete'] !== client.clientId) {
    throw badRequest('qlik-confirm-delete: must equal the id of the client');
  }
  const counts = { clientsDeleted: 1, secretsDeleted: client.secrets.length };
  store.commit(call.tenant, [{ kind: 'client-deleted', clientId: client.clientId }], counts);
  return { status: 204 };
}
