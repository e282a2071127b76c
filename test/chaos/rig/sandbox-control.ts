import { http } from './http.js';

/** A client as the sandbox shows it to tests. */
export interface ClientAtQlik {
  tenantHost: string;
  clientId: string;
  clientName: string;
  consentMethod: string | null;
  hints: string[];
  secrets: { hint: string; createdBy: string }[];
}

/** What is at Qlik in the tenants of one batch. */
export interface StateAtQlik {
  clients: ClientAtQlik[];
  /** Clients ever made, by tenant. */
  clientsCreatedAt: Record<string, number>;
  /** Secrets ever made, those included that come with a client. */
  secretsCreated: number;
  /** The most that one client ever had at a time. */
  secretsAtMost: number;
  refusedSixthSecrets: number;
}

/** The sandbox's control API, and its Qlik API as a tenant's administrator uses it by hand. */
export class SandboxControl {
  constructor(
    readonly url: string,
    private readonly parent: { clientId: string; clientSecret: string },
  ) {}

  /** Sets a fault (docs of the sandbox: `POST /_sandbox/faults`); returns its id. */
  async addFault(fault: object): Promise<string> {
    return (await this.#control('POST', '/faults', fault)).id;
  }

  /** Ends the fault with this id. */
  async removeFault(id: string): Promise<void> {
    await this.#control('DELETE', `/faults/${id}`);
  }

  /** Ends every fault and says how often they struck together. */
  async clearFaults(): Promise<number> {
    const { faults } = await this.#control('GET', '/faults');
    await this.#control('DELETE', '/faults');
    // A delay gives faults the time to strike; it is none.
    const struck = faults.filter(({ kind }: { kind: string }) => kind !== 'delay');
    return struck.reduce((sum: number, fault: { struck: number }) => sum + fault.struck, 0);
  }

  state(tenantHostPrefix: string): Promise<StateAtQlik> {
    return this.#control('GET', `/state?tenantHostPrefix=${tenantHostPrefix}`);
  }

  /** Replaces a tenant's settings (docs of the sandbox: `PUT /_sandbox/tenants/{host}`). */
  async setTenant(host: string, settings: object): Promise<void> {
    await this.#control('PUT', `/tenants/${host}`, settings);
  }

  /** Secrets that somebody else puts on a client; `createdBy` where it is the user that we are, too. */
  async addForeignSecrets(host: string, clientId: string, count: number, createdBy?: string): Promise<string[]> {
    return (await this.#control('POST', `/tenants/${host}/clients/${clientId}/secrets`, { count, createdBy })).hints;
  }

  /** A client that a tenant's administrator makes. */
  async addForeignClient(host: string, clientName: string): Promise<string> {
    const body = { clientName, appType: 'web', allowedGrantTypes: ['client_credentials'] };
    const answer = await this.asAdministrator('POST', host, '/api/v1/oauth-clients', body);
    return answer.body.clientId as string;
  }

  /** A call to the tenant's API with an administrator's token. */
  async asAdministrator(method: string, host: string, path: string, body?: object) {
    const token = await this.#token(host, this.parent.clientId, this.parent.clientSecret);
    const answer = await http(method, this.url + path, {
      body,
      headers: {
        host,
        authorization: `Bearer ${token.body.access_token}`,
        'qlik-confirm-delete': path.split('/').at(-1)!,
      },
    });
    if (answer.status >= 300) throw new Error(`The sandbox answered ${answer.status} to ${method} ${path} at ${host}.`);
    return answer;
  }

  /** Whether the tenant gives a token for these credentials. */
  async authenticates(host: string, clientId: string, clientSecret: string): Promise<boolean> {
    return (await this.tokenStatus(host, clientId, clientSecret)) === 200;
  }

  /** How the tenant answers whoever asks for a token with these credentials. */
  async tokenStatus(host: string, clientId: string, clientSecret: string, timeoutMs?: number): Promise<number> {
    return (await this.#token(host, clientId, clientSecret, timeoutMs)).status;
  }

  #token(host: string, clientId: string, clientSecret: string, timeoutMs?: number) {
    const body = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' };
    return http('POST', `${this.url}/oauth/token`, {
      headers: { host },
      body,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  async #control(method: string, path: string, body?: object): Promise<any> {
    const answer = await http(method, `${this.url}/_sandbox${path}`, { body });
    if (answer.status >= 300)
      throw new Error(`The sandbox answered ${answer.status} to ${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
