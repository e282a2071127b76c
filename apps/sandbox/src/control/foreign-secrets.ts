import { z } from 'zod';
import { mintSecret, secretsPerClient, tooManySecrets, type StoredSecret } from '../api/client-secret.js';
import { userIdFor } from '../tenants/tenant.js';
import type { TenantStore } from '../tenants/tenant.store.js';

/** How many secrets somebody else makes, and who that is (a user id). */
export const foreignSecretsSchema = z.strictObject({
  count: z.int().min(1).max(secretsPerClient).default(1),
  createdBy: z.string().min(1).max(128).optional(),
});

/** Adds secrets to a client as a person in Qlik's console would; the hints are the answer, the secrets are nobody's. 409 beyond five, and then none is added. */
export function addForeignSecrets(
  store: TenantStore,
  host: string,
  clientId: string,
  order: z.infer<typeof foreignSecretsSchema>,
): string[] {
  const tenant = store.tenant(host);
  const client = store.getOwnClient(tenant, clientId);
  if (client.secrets.length + order.count > secretsPerClient) throw tooManySecrets();
  const createdBy = order.createdBy ?? userIdFor(host, 'somebody else');
  const added: StoredSecret[] = [];
  for (let made = 0; made < order.count; made += 1) {
    added.push(mintSecret([...client.secrets, ...added], createdBy, Date.now(), false).stored);
  }
  const changed = { ...client, secrets: [...client.secrets, ...added] };
  store.commit(tenant, [{ kind: 'client', client: changed }], { secretsCreated: added.length });
  return added.map((secret) => secret.hint);
}
