import type { OAuthClient } from '../api/oauth-client.js';
import { badRequest, QlikError } from '../qlik-error.js';
import { usersOf, type Tenant } from '../tenants/tenant.js';
import type { TokenRequest } from './token-request.schema.js';

/** The id of the user that the request names; refused without trusted consent (403) or without such a user (its status is one of the unknowns). */
export function impersonatedUserId(tenant: Tenant, client: OAuthClient, request: TokenRequest): string {
  const lookup = request.user_lookup;
  if (lookup === undefined) throw badRequest('user_lookup: is required for this grant type');
  if (tenant.connectionConfigs.get(client.clientId) !== 'trusted') {
    throw notAuthorised(403, "The tenant's consent method for this client is not trusted");
  }
  const user = usersOf(tenant).find(({ id, subject }) => (lookup.field === 'userId' ? id : subject) === lookup.value);
  if (user === undefined) {
    const status = tenant.settings.unknowns.userNotFoundStatus;
    throw new QlikError(status, `HTTP-${status}`, 'User not found', 'The tenant has no such user');
  }
  return user.id;
}

/** OAUTH-14: the client is known but not authorised for this. */
export function notAuthorised(status: 400 | 403, detail: string): QlikError {
  return new QlikError(status, 'OAUTH-14', 'Client is not authorized', detail);
}
