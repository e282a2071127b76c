import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A wire between a worker and the sandbox that hears every secret and token that passes, and can hold answers back. */
export class QlikWiretap {
  readonly secrets = new Set<string>();
  readonly tokens = new Set<string>();
  #creates = 0;
  #holdFrom = Infinity;
  readonly #awaited: { create: number; resolve: () => void }[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  static async start(target: string): Promise<QlikWiretap> {
    const server = createServer();
    const wiretap = new QlikWiretap(server, target);
    server.on('request', (incoming, answer) => void wiretap.#pass(incoming, answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wiretap;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when Qlik has made `count` more clients; the answer to that one, and all to later ones, never arrive, until `release`. */
  holdAnswersFromCreate(count: number): Promise<void> {
    this.#holdFrom = this.#creates + count;
    return this.afterCreate(count);
  }

  /** Resolves when Qlik has made `count` more clients. */
  afterCreate(count: number): Promise<void> {
    return new Promise((resolve) => this.#awaited.push({ create: this.#creates + count, resolve }));
  }

  /** The status that a tenant's token endpoint answers with. */
  async postToken(host: string, body: object): Promise<number> {
    const headers = { host, 'content-type': 'application/json' };
    const { status, text } = await this.#forward('POST', '/oauth/token', headers, JSON.stringify(body));
    this.#hear(text);
    return status;
  }

  /** Lets the answers of clients made from now on through. */
  release(): void {
    this.#holdFrom = Infinity;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const { method, url, headers } = incoming;
    const reply = await this.#forward(method, url, headers, body);
    this.#hear(reply.text);
    if (method === 'POST' && url === '/api/v1/oauth-clients' && reply.status === 201) {
      this.#creates += 1;
      for (const { create, resolve } of this.#awaited) if (create === this.#creates) resolve();
      if (this.#creates >= this.#holdFrom) return;
    }
    answer.writeHead(reply.status, reply.headers).end(reply.text);
  }

  async #forward(
    method: string | undefined,
    path: string | undefined,
    headers: IncomingHttpHeaders,
    body: string,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${this.target}${path}`, { method, headers }, resolve).on('error', reject).end(body);
    });
    return { status: reply.statusCode ?? 502, headers: reply.headers, text: await text(reply) };
  }

  #hear(replied: string): void {
    for (const [, name, value] of replied.matchAll(/"(clientSecret|access_token)":"([^"]+)"/g)) {
      (name === 'access_token' ? this.tokens : this.secrets).add(value!);
    }
  }
}
