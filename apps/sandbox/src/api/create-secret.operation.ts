import type { Answer, Call } from '../operation.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { mintSecret, secretsPerClient, tooManySecrets } from './client-secret.js';
import { describeSecrets } from './oauth-client.js';

/** POST /oauth-clients/{id}/client-secrets: 201 with a further secret, shown once; 409 if the client has five. A body is ignored. */
export function createSecret(store: TenantStore, call: Call): Answer {
  const { tenant } = call;
  const client = store.getOwnClient(tenant, call.params.id ?? '');
  if (client.secrets.length >= secretsPerClient) {
    store.commit(tenant, [{ kind: 'counted' }], { refusedSixthSecrets: 1 });
    throw tooManySecrets();
  }
  const secret = mintSecret(client.secrets, call.callerId, Date.now(), call.sameHint);
  const secrets = [...client.secrets, secret.stored];
  store.commit(tenant, [{ kind: 'client', client: { ...client, secrets } }], { secretsCreated: 1 });
  const shown = describeSecrets([secret.stored], tenant)[0];
  return { status: 201, body: { clientId: client.clientId, clientSecret: secret.plaintext, ...shown } };
}
