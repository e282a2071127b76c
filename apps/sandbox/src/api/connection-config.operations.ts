import { z } from 'zod';
import type { Answer, Call } from '../operation.js';
import { notFound } from '../qlik-error.js';
import { jsonBody } from '../request-body.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { connectionStatus } from './oauth-client.js';

const configPatchSchema = z
  .array(
    z.strictObject({
      op: z.literal('replace'),
      path: z.literal('/consentMethod'),
      value: z.enum(['required', 'trusted']),
    }),
  )
  .min(1);

/** GET /oauth-clients/{id}/connection-configs/me: 200 `{status, consentMethod, deletedByOwner}`; 404 where this tenant has none. */
export function getConnectionConfig(store: TenantStore, call: Call): Answer {
  const clientId = call.params.id ?? '';
  const consentMethod = call.tenant.connectionConfigs.get(clientId);
  if (consentMethod === undefined) throw noConnectionConfig(clientId);
  const deletedByOwner = store.findClient(call.tenant, clientId) === undefined;
  return { status: 200, body: { status: connectionStatus(consentMethod), consentMethod, deletedByOwner } };
}

/** PATCH /oauth-clients/{id}/connection-configs/me: 204; makes the config where a published or deleted one is missing. */
export function patchConnectionConfig(store: TenantStore, call: Call): Answer {
  const { client } = store.getClient(call.tenant, call.params.id ?? '');
  const patch = jsonBody(call, configPatchSchema);
  const consentMethod = patch.at(-1)?.value ?? 'required';
  store.commit(call.tenant, [{ kind: 'config', clientId: client.clientId, consentMethod }]);
  return { status: 204 };
}

/** DELETE /oauth-clients/{id}/connection-configs/me: 204; the client stays, but no longer has this tenant's consent. */
export function deleteConnectionConfig(store: TenantStore, call: Call): Answer {
  const clientId = call.params.id ?? '';
  if (!call.tenant.connectionConfigs.has(clientId)) throw noConnectionConfig(clientId);
  store.commit(call.tenant, [{ kind: 'config-deleted', clientId }]);
  return { status: 204 };
}

function noConnectionConfig(clientId: string) {
  return notFound(`OAuth client '${clientId}' has no connection config in this tenant`);
}
