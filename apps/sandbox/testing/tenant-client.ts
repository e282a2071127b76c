import { request } from 'undici';

/** Every field that a test reads from some body; which of them are there is what the test asserts. */
export interface Body {
  errors: [{ code: string; detail: string }];
  clientId: string;
  clientName: string;
  clientSecret: string;
  clientSecretHint: string;
  clientSecrets: { hint: string; createdAt: string; createdBy: string }[];
  ownerId: string;
  hint: string;
  hints: string[];
  data: Body[];
  links: { next?: { href: string }; prev?: { href: string } };
  totalResults: number;
  access_token: string;
  expires_in: number;
  id: string;
  faults: object[];
  tenant: { tenantId: string; limits: object; users: { id: string }[] };
  clients: [{ hints: string[] }];
  clientsCreated: number;
  tokensMinted: number;
  requests: Record<string, number>;
}

/** An HTTP answer; an empty body is undefined. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Body;
}

/** What a request may carry beside its method and path. */
export interface Extras {
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
}

/** Sends one request to the sandbox as if it were this tenant; a string as body goes out as it is. */
export async function send(
  url: string,
  host: string,
  method: string,
  path: string,
  extras: Extras = {},
): Promise<Reply> {
  const { body, token, headers } = extras;
  const answer = await request(`${url}${path}`, {
    method: method as 'GET',
    headers: {
      host,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Body,
  };
}

/** The body that makes an impersonation client. */
export const impersonationClient = {
  appType: 'web',
  clientName: 'portal',
  allowedScopes: ['user_default'],
  allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
};

/** One tenant of a sandbox with its administrator's token, as an OEM's service sees it. */
export class TenantClient {
  readonly #url: string;
  readonly host: string;
  token = '';

  constructor(url: string, host: string) {
    this.#url = url;
    this.host = host;
  }

  /** A tenant client that has its token already. */
  static async connect(url: string, host: string, clientId: string, clientSecret: string): Promise<TenantClient> {
    const tenant = new TenantClient(url, host);
    const reply = await tenant.tokenFor(clientId, clientSecret);
    tenant.token = reply.body.access_token;
    return tenant;
  }

  /** One request to a path below /api/v1/oauth-clients. */
  api(method: string, path: string, extras: Extras = {}): Promise<Reply> {
    return send(this.#url, this.host, method, `/api/v1/oauth-clients${path}`, { token: this.token, ...extras });
  }

  /** A client_credentials request. */
  tokenFor(clientId: string, clientSecret: string): Promise<Reply> {
    const body = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    return send(this.#url, this.host, 'POST', '/oauth/token', { body });
  }

  /** An impersonation request for the demo user, or with other fields. */
  impersonate(clientId: string, clientSecret: string, other: Record<string, unknown> = {}): Promise<Reply> {
    const body = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'urn:qlik:oauth:user-impersonation',
      scope: 'user_default',
      user_lookup: { field: 'subject', value: 'demo' },
      ...other,
    };
    return send(this.#url, this.host, 'POST', '/oauth/token', { body });
  }

  /** Makes an impersonation client and answers the body of the 201. */
  async create(fields: Record<string, unknown> = {}): Promise<Body> {
    const reply = await this.api('POST', '', { body: { ...impersonationClient, ...fields } });
    if (reply.status !== 201) throw new Error(`create answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** Consents to a client for all users. */
  trust(clientId: string): Promise<Reply> {
    const body = [{ op: 'replace', path: '/consentMethod', value: 'trusted' }];
    return this.api('PATCH', `/${clientId}/connection-configs/me`, { body });
  }

  /** Disables a client, or enables it again, through the control API. */
  disable(clientId: string, disabled: boolean): Promise<Reply> {
    const path = `/_sandbox/tenants/${this.host}/clients/${clientId}`;
    return send(this.#url, 'control', 'PUT', path, { body: { disabled } });
  }

  /** Configures the tenant through the control API. */
  configure(settings: Record<string, unknown>): Promise<Reply> {
    return send(this.#url, 'control', 'PUT', `/_sandbox/tenants/${this.host}`, { body: settings });
  }

  /** Sets a fault for this tenant. */
  fault(fault: Record<string, unknown>): Promise<Reply> {
    return send(this.#url, 'control', 'POST', '/_sandbox/faults', { body: { tenantHost: this.host, ...fault } });
  }

  /** The tenant's state from the control API. */
  async state(): Promise<Body> {
    const reply = await send(this.#url, 'control', 'GET', `/_sandbox/state?tenantHost=${this.host}`);
    return reply.body;
  }
}

/** The claims in a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> & { exp: number } {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return JSON.parse(payload) as Record<string, unknown> & { exp: number };
}
