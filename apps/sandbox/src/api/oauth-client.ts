import type { ConsentMethod, Tenant } from '../tenants/tenant.js';
import type { StoredSecret } from './client-secret.js';
import type { ClientFields } from './oauth-client.schema.js';

/** One OAuth client as stored; a record is never altered, a change puts a new one in its place. */
export interface OAuthClient extends ClientFields {
  clientId: string;
  ownerId: string;
  createdAt: string;
  createdAtMs: number;
  updatedAt?: string | undefined;
  publishedAt?: string | undefined;
  /** Set while the client is disabled. */
  disableTag?: string | undefined;
  secrets: StoredSecret[];
  /** Hashes of deleted secrets that the token endpoint still accepts until then (epoch milliseconds). */
  dyingSecrets: { hash: string; untilMs: number }[];
}

/** A client's secrets as shown: hints, never a hash. */
export function describeSecrets(secrets: StoredSecret[], tenant: Tenant) {
  return secrets.map(({ hint, createdAt, createdBy }) => ({
    hint,
    createdAt,
    ...(tenant.settings.unknowns.createdByAbsent ? {} : { createdBy }),
  }));
}

/** A client as an administrator of its tenant reads it; fields without a value are left out. */
export function describeClient(client: OAuthClient, tenant: Tenant) {
  const { createdAtMs: _createdAtMs, secrets, dyingSecrets: _dyingSecrets, ...shown } = client;
  return { ...shown, clientSecrets: describeSecrets(secrets, tenant), ...describeConsent(client, tenant) };
}

/** A published client as the tenants that did not make it read it: without secrets, redirect URIs and origins. */
export function describePublishedClient(client: OAuthClient, tenant: Tenant) {
  const {
    redirectUris: _uris,
    allowedOrigins: _origins,
    clientSecrets: _hints,
    ...shown
  } = describeClient(client, tenant);
  return shown;
}

/** The state of a connection config; Qlik documents the field but not its values. */
export function connectionStatus(consentMethod: ConsentMethod): string {
  return consentMethod === 'trusted' ? 'approved' : 'pending';
}

function describeConsent(client: OAuthClient, tenant: Tenant) {
  const consentMethod = tenant.connectionConfigs.get(client.clientId);
  if (consentMethod === undefined || tenant.settings.unknowns.connectionConfigAbsentOnGet) return {};
  return { connectionConfig: { consentMethod } };
}
