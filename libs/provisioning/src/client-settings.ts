import type { ClientField } from '@app/customers';
import { type CallContext, type OAuthClientChanges, type OAuthClientsApi, QlikError } from '@app/qlik';
import type { CustomerTarget } from './customer-targets.js';

/** The warning that a tenant takes no allowed origins on web clients. */
export const ORIGINS_NOT_SUPPORTED = 'ORIGINS_NOT_SUPPORTED';

/** What of its client's settings a customer asks for. */
export type WantedSettings = Pick<CustomerTarget, ClientField>;

/** The customer's fields as settings of its client at Qlik. */
export function settingsFor(
  { scopes, redirectUris, allowedOrigins }: WantedSettings,
  fields: readonly ClientField[],
): OAuthClientChanges {
  return {
    ...(fields.includes('scopes') ? { allowedScopes: scopes } : {}),
    ...(fields.includes('redirectUris') ? { redirectUris } : {}),
    ...(fields.includes('allowedOrigins') ? { allowedOrigins } : {}),
  };
}

/**
 * Sets a client's settings at Qlik, and returns what Qlik said if it refused the origins. Whether a tenant takes origins on a web client is
 * not documented: after a 400, which changes nothing, the rest is set without them. Can be repeated.
 */
export async function setClient(
  oauthClients: OAuthClientsApi,
  host: string,
  clientId: string,
  changes: OAuthClientChanges,
  calls: CallContext,
): Promise<QlikError | undefined> {
  const { allowedOrigins, ...others } = changes;
  try {
    await oauthClients.patch(host, clientId, changes, calls);
    return undefined;
  } catch (error) {
    const isRefused = error instanceof QlikError && error.qlik?.status === 400;
    if (!isRefused || allowedOrigins === undefined) throw error;
    if (Object.keys(others).length > 0) await oauthClients.patch(host, clientId, others, calls);
    return error;
  }
}
