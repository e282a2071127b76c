import type { Secret } from '@app/platform';
import { z } from 'zod';
import type { CallContext } from './call.js';
import type { QlikErrorDetails } from './qlik-error.js';
import type { QlikErrorCode } from './qlik-error.table.js';
import { secretSchema } from './secret.schema.js';
import type { QlikTransport } from './transport.js';

/** A bearer token of one tenant. */
export interface AccessToken {
  token: Secret;
  expiresInSeconds: number;
  scope?: string;
}

/** Whose token, and at which tenant. */
export interface ClientCredentials {
  host: string;
  clientId: string;
  clientSecret: Secret;
  scope?: string;
}

/** Which client wants to act as which user of the tenant. */
export interface Impersonation extends ClientCredentials {
  scope: string;
  user: { field: 'userId' | 'subject'; value: string };
}

const tokenSchema = z.object({
  access_token: secretSchema,
  expires_in: z.number().nonnegative(),
  scope: z.string().optional(),
});

/** RFC 6749 §5.2: faults of the client or the request, none of which says anything about a user. */
const protocolErrors = new Set(['invalid_request', 'invalid_scope', 'unsupported_grant_type']);

/** A tenant's token endpoint; nothing is cached. */
export class TokensApi {
  constructor(private readonly transport: QlikTransport) {}

  /** A token for the client itself. Throws CREDENTIAL_REFUSED if the tenant does not accept id and secret. */
  async clientCredentials(
    { host, clientId, clientSecret, scope }: ClientCredentials,
    context: CallContext = {},
  ): Promise<AccessToken> {
    const json = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials', scope };
    return this.#token(host, json, (qlik) => credentialRefusal(qlik) ?? tenantRefusal(qlik), context);
  }

  /** A token that lets the client act as a user. Throws CREDENTIAL_REFUSED, or USER_NOT_FOUND for any refusal that names no fault of the client (Qlik documents neither code nor status for it): a caller that must be sure about the secret asks `clientCredentials`. */
  async impersonation(
    { host, clientId, clientSecret, scope, user }: Impersonation,
    context: CallContext = {},
  ): Promise<AccessToken> {
    const json = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'urn:qlik:oauth:user-impersonation',
      scope,
      user_lookup: { field: user.field, value: user.value },
    };
    return this.#token(host, json, (qlik) => credentialRefusal(qlik) ?? userRefusal(qlik), context);
  }

  async #token(
    host: string,
    json: object,
    refusal: (qlik: QlikErrorDetails) => QlikErrorCode | undefined,
    context: CallContext,
  ): Promise<AccessToken> {
    const answer = await this.transport.call(
      { operation: 'token', host, method: 'POST', path: '/oauth/token', json, answer: tokenSchema, refusal },
      context,
    );
    const { access_token: token, expires_in: expiresInSeconds, scope } = answer;
    return { token, expiresInSeconds, ...(scope === undefined ? {} : { scope }) };
  }
}

function credentialRefusal({ status, code }: QlikErrorDetails): QlikErrorCode | undefined {
  if (code === 'invalid_client') return 'CREDENTIAL_REFUSED';
  // OAUTH-14: the client is known but not authorised.
  if (code === 'unauthorized_client' || code === 'OAUTH-14') return 'QLIK_FORBIDDEN';
  return status === 401 && code === undefined ? 'CREDENTIAL_REFUSED' : undefined;
}

function tenantRefusal({ status }: QlikErrorDetails): QlikErrorCode | undefined {
  if (status === 401) return 'CREDENTIAL_REFUSED';
  return status === 404 ? 'TENANT_NOT_FOUND' : undefined;
}

function userRefusal({ status, code }: QlikErrorDetails): QlikErrorCode {
  // Where there is no tenant, nobody answers in Qlik's envelope.
  if (status === 404 && code === undefined) return 'TENANT_NOT_FOUND';
  return code !== undefined && protocolErrors.has(code) ? 'QLIK_REFUSED' : 'USER_NOT_FOUND';
}
