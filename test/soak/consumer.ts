import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';

/** Between two tokens. */
const EVERY_MS = 100;
/** Between two looks whether there is a new version: well below the grace. */
const READ_EVERY_MS = 1_000;

interface Credentials {
  tenantHost: string;
  clientId: string;
  clientSecret: string;
  version: number;
}

/** An OEM's service: reads the credentials now and then, and gets token after token with what it read last. */
export class Consumer {
  tokens = 0;
  refused = 0;
  #credentials: Credentials | undefined;
  #etag: string | undefined;

  private readonly where: { apiUrl: string; apiKey: string; sandboxUrl: string };
  private readonly customer: { id: string; tenantHost: string };

  constructor(
    where: { apiUrl: string; apiKey: string; sandboxUrl: string },
    customer: { id: string; tenantHost: string },
  ) {
    this.where = where;
    this.customer = customer;
  }

  async work(stop: AbortSignal): Promise<void> {
    for (let readAt = 0; !stop.aborted; await pause(EVERY_MS)) {
      if (Date.now() - readAt > READ_EVERY_MS) {
        await this.#read();
        readAt = Date.now();
      }
      await this.#getToken();
    }
  }

  describe(): string {
    return `${this.customer.tenantHost}: version ${this.#credentials?.version}, ${this.tokens} tokens, ${this.refused} refused`;
  }

  async #read(): Promise<void> {
    const { apiUrl, apiKey } = this.where;
    const response = await fetch(`${apiUrl}/v1/customers/${this.customer.id}/credentials`, {
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(this.#etag === undefined ? {} : { 'if-none-match': this.#etag }),
      },
    });
    if (response.status === 304) return;
    if (response.status !== 200) throw new Error(`The credentials were answered ${response.status}.`);
    this.#etag = response.headers.get('etag') ?? undefined;
    this.#credentials = (await response.json()) as Credentials;
  }

  async #getToken(): Promise<void> {
    const { clientId, clientSecret } = this.#credentials!;
    const body = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' };
    // Not fetch, which would put the sandbox's own host in place of the tenant's.
    const response = await request(`${this.where.sandboxUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', host: this.customer.tenantHost },
      body: JSON.stringify(body),
    });
    await response.body.dump();
    if (response.statusCode === 200) this.tokens += 1;
    else this.refused += 1;
  }
}
