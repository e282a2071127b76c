import type { Answer, Call } from '../operation.js';
import { badRequest, notFound } from '../qlik-error.js';
import type { TenantStore } from '../tenants/tenant.store.js';

/** DELETE /oauth-clients/{id}/client-secrets/{hint}: 204, or 404 if no secret has that hint; where two have it, the older one goes. */
export function deleteSecret(store: TenantStore, call: Call): Answer {
  const { tenant } = call;
  const client = store.getOwnClient(tenant, call.params.id ?? '');
  const doomed = client.secrets.find((secret) => secret.hint === call.params.hint);
  if (doomed === undefined) throw notFound('The client has no secret with this hint');
  const { lastSecretMayNotBeDeleted, secretDeletionDelayMs } = tenant.settings.unknowns;
  if (lastSecretMayNotBeDeleted && client.secrets.length === 1) {
    throw badRequest('The last secret of a client cannot be deleted');
  }
  const now = Date.now();
  const dying = client.dyingSecrets.filter((secret) => secret.untilMs > now);
  if (secretDeletionDelayMs > 0) dying.push({ hash: doomed.hash, untilMs: now + secretDeletionDelayMs });
  const secrets = client.secrets.filter((secret) => secret !== doomed);
  const changed = { ...client, secrets, dyingSecrets: dying };
  store.commit(tenant, [{ kind: 'client', client: changed }], { secretsDeleted: 1 });
  return { status: 204 };
}
