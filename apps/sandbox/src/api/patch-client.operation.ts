import type { Answer, Call } from '../operation.js';
import { badRequest } from '../qlik-error.js';
import { jsonBody } from '../request-body.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { timestamp } from '../timestamp.js';
import { clientPatchSchemas, patchedFields } from './client-patch.schema.js';
import { mintSecret, secretsPerClient } from './client-secret.js';
import { checkTenantRules } from './create-client.operation.js';
import type { OAuthClient } from './oauth-client.js';

/** PATCH /oauth-clients/{id}: 204, or 202 `{clientSecret}` if it adds `client_secret` to the auth methods; the secret is shown once and without its hint. */
export function patchClient(store: TenantStore, call: Call): Answer {
  const { tenant } = call;
  const client = store.getOwnClient(tenant, call.params.id ?? '');
  const patch = jsonBody(call, clientPatchSchemas[call.surface]);
  const {
    clientId,
    ownerId,
    createdAt,
    createdAtMs,
    publishedAt,
    disableTag,
    secrets,
    dyingSecrets,
    updatedAt: _,
    ...before
  } = client;
  const fields = patchedFields(before, patch);
  checkTenantRules(tenant, fields);
  const now = Date.now();
  const patched: OAuthClient = {
    ...fields,
    ...{ clientId, ownerId, createdAt, createdAtMs, publishedAt, disableTag, secrets, dyingSecrets },
    updatedAt: timestamp(now),
  };
  const addsSecret =
    fields.allowedAuthMethods.includes('client_secret') && !before.allowedAuthMethods.includes('client_secret');
  if (!addsSecret || fields.appType !== 'web') {
    store.commit(tenant, [{ kind: 'client', client: patched }]);
    return { status: 204 };
  }
  if (secrets.length >= secretsPerClient) {
    throw badRequest(`allowedAuthMethods: the max number of client secrets is ${secretsPerClient}`);
  }
  const secret = mintSecret(secrets, call.callerId, now, call.sameHint);
  const withSecret: OAuthClient = { ...patched, secrets: [...secrets, secret.stored] };
  store.commit(tenant, [{ kind: 'client', client: withSecret }], { secretsCreated: 1 });
  return { status: 202, body: { clientSecret: secret.plaintext } };
}
