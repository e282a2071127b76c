import { Injectable } from '@nestjs/common';
import {
  type CallContext,
  type CreatedOAuthClient,
  IMPERSONATION_GRANTS,
  type NewOAuthClient,
  OAuthClientsApi,
  QlikError,
} from '@app/qlik';
import type { CustomerTarget } from '../customer-targets.js';
import { clientDescription } from './client-name.js';

/** Asks Qlik for an impersonation client, without what the tenant refuses and we can do without. */
@Injectable()
export class ClientCreation {
  constructor(private readonly oauthClients: OAuthClientsApi) {}

  /**
   * Creates the client. Whether a tenant takes trusted consent, or origins on a web client, in the body of the request is
   * not documented: after a 400, which makes nothing, it is asked again without.
   */
  async create(
    target: CustomerTarget,
    clientName: string,
    calls: CallContext,
  ): Promise<CreatedOAuthClient & { originsRefused: boolean }> {
    const { connectionConfig, allowedOrigins, ...plain } = newImpersonationClient(target, clientName);
    const bodies: NewOAuthClient[] = [
      { ...plain, connectionConfig, allowedOrigins },
      { ...plain, allowedOrigins },
      ...(allowedOrigins === undefined ? [] : [{ ...plain, connectionConfig }, plain]),
    ];
    for (const [index, body] of bodies.entries()) {
      try {
        const created = await this.oauthClients.create(target.tenantHost, body, calls);
        return { ...created, originsRefused: allowedOrigins !== undefined && body.allowedOrigins === undefined };
      } catch (error) {
        const refused = error instanceof QlikError && error.qlik?.status === 400 && !error.outcomeUnknown;
        if (!refused || index === bodies.length - 1) throw error;
      }
    }
    throw new Error('A client is asked for at least once.');
  }
}

function newImpersonationClient(target: CustomerTarget, clientName: string): NewOAuthClient {
  return {
    appType: 'web',
    clientName,
    description: clientDescription(target.customerId),
    ...(target.redirectUris.length === 0 ? {} : { redirectUris: target.redirectUris }),
    ...(target.allowedOrigins.length === 0 ? {} : { allowedOrigins: target.allowedOrigins }),
    allowedScopes: target.scopes,
    allowedGrantTypes: [...IMPERSONATION_GRANTS],
    connectionConfig: { consentMethod: 'trusted' },
  };
}
