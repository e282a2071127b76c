import { randomBytes } from 'node:crypto';
import type { Answer, Call } from '../operation.js';
import { badRequest } from '../qlik-error.js';
import { jsonBody } from '../request-body.js';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { timestamp } from '../timestamp.js';
import { mintSecret, type MintedSecret } from './client-secret.js';
import { type ClientFields, createClientSchema } from './oauth-client.schema.js';
import { describeClient, type OAuthClient } from './oauth-client.js';

/** POST /oauth-clients: 201 with the client and, for a web client that authenticates by secret, its first secret: shown here and never again. */
export function createClient(store: TenantStore, call: Call): Answer {
  const { tenant } = call;
  const { connectionConfig, ...fields } = jsonBody(call, createClientSchema);
  if (connectionConfig !== undefined && tenant.settings.unknowns.consentInCreateRefused) {
    throw badRequest("connectionConfig: Unrecognized key: 'connectionConfig'");
  }
  checkTenantRules(tenant, fields);
  if (tenant.settings.unknowns.clientNameMustBeUnique && hasName(tenant, fields.clientName)) {
    throw badRequest('clientName: is in use by another client');
  }
  const now = Date.now();
  const bySecret = fields.appType === 'web' && fields.allowedAuthMethods.includes('client_secret');
  const secret = bySecret ? mintSecret([], call.callerId, now, false) : undefined;
  const client: OAuthClient = {
    ...fields,
    clientId: randomBytes(16).toString('hex'),
    ownerId: call.callerId,
    createdAt: timestamp(now),
    createdAtMs: now,
    secrets: secret === undefined ? [] : [secret.stored],
    dyingSecrets: [],
  };
  const consentMethod = connectionConfig?.consentMethod ?? 'required';
  store.commit(
    tenant,
    [
      { kind: 'client', client },
      { kind: 'config', clientId: client.clientId, consentMethod },
    ],
    { clientsCreated: 1, secretsCreated: client.secrets.length },
  );
  return { status: 201, body: describeCreated(client, tenant, secret) };
}

/** 400 for fields that this tenant refuses though the schema allows them. */
export function checkTenantRules(tenant: Tenant, fields: ClientFields): void {
  const origins = fields.allowedOrigins !== undefined && fields.appType === 'web';
  if (origins && tenant.settings.unknowns.originsOnWebRefused) {
    throw badRequest("allowedOrigins: is only for appType 'spa'");
  }
}

function describeCreated(client: OAuthClient, tenant: Tenant, secret: MintedSecret | undefined) {
  const { clientSecrets, ...shown } = describeClient(client, tenant);
  if (secret === undefined) return shown;
  const { hintAbsentOnCreate, hintOnlyInGuideForm, hintOnlyInReferenceForm } = tenant.settings.unknowns;
  return {
    ...shown,
    clientSecret: secret.plaintext,
    ...(hintAbsentOnCreate || hintOnlyInReferenceForm ? {} : { clientSecretHint: secret.stored.hint }),
    ...(hintAbsentOnCreate || hintOnlyInGuideForm ? {} : { clientSecrets }),
  };
}

function hasName(tenant: Tenant, clientName: string): boolean {
  for (const client of tenant.clients.values()) if (client.clientName === clientName) return true;
  return false;
}
