import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret } from '@app/platform';
import { ClientSecretsApi } from '../src/client-secrets.js';
import { ConnectionConfigsApi } from '../src/connection-configs.js';
import { OAuthClientsApi } from '../src/oauth-clients.js';
import { ParentAccess } from '../src/parent-access.js';
import type { ParentClientSource, SourcedParentClient } from '../src/parent-client.js';
import { ParentCalls } from '../src/parent-calls.js';
import { tenantHostPolicy } from '../src/tenant-host.js';
import { TokensApi } from '../src/tokens.js';
import { QlikTransport } from '../src/transport.js';

/** What the server was asked. */
export interface SeenRequest {
  method: string;
  url: string;
  host: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** How a test answers a request to the API. */
export type Answer = (request: SeenRequest, response: ServerResponse) => void;

export const host = 'acme.eu.qlikcloud.com';
export const otherHost = 'globex.eu.qlikcloud.com';
export const parentSecret = 'parent-secret-0a1b2c3d4e5f';
export const regions = ['eu', 'us'];
export const policy = tenantHostPolicy({ QLIK_TENANT_HOSTS: ['{name}.{region}.qlikcloud.com'], QLIK_REGIONS: regions });

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Qlik's envelope around one error. */
export function envelope(code: string, title = 'a title', detail?: string) {
  return { errors: [{ code, title, ...(detail === undefined ? {} : { detail }) }], traceId: 'trace-1' };
}

/** Parent clients that a test replaces; `known` is what is told until somebody asks for what is fresh. */
export class FakeSource implements ParentClientSource {
  readonly present = new Map<string, SourcedParentClient>();
  readonly known = new Map<string, SourcedParentClient>();
  used = 0;

  /** Stores a client as somebody would, which a process learns with its next look. */
  store(region: string, clientId: string, secret: string, version: string): void {
    this.present.set(region, { clientId, clientSecret: new Secret(secret), version });
  }

  find(region: string, { fresh = false } = {}): Promise<SourcedParentClient | undefined> {
    const client = this.present.get(region);
    if (fresh && client === undefined) this.known.delete(region);
    if (fresh && client !== undefined) this.known.set(region, client);
    return Promise.resolve(this.known.get(region));
  }

  noteUse(): void {
    this.used += 1;
  }
}

/** A real server on this machine that answers as the test says, and the whole client connected to it. Token calls of the parent succeed with `token-<n>` unless `token` says otherwise. */
export class LocalQlik {
  readonly seen: SeenRequest[] = [];
  answer: Answer = (_request, response) => json(response, 500, {});
  token: Answer = (request, response) => {
    json(response, 200, { access_token: `token-${this.tokenCalls.length}-of-${request.host}`, expires_in: 21600 });
  };
  nowMs = 0;
  /** The stored parent client of each region, if any. */
  readonly stored = new FakeSource();
  readonly transport: QlikTransport;
  readonly tokens: TokensApi;
  readonly parent: ParentAccess;
  readonly calls: ParentCalls;
  readonly clients: OAuthClientsApi;
  readonly configs: ConnectionConfigsApi;
  readonly secrets: ClientSecretsApi;

  private constructor(
    readonly endpoint: string,
    private readonly stop: () => Promise<void>,
    timeoutMs: number,
  ) {
    this.transport = new QlikTransport({ timeoutMs, endpoint, tenantHosts: policy });
    this.tokens = new TokensApi(this.transport);
    const parent = { clientId: 'parent-eu', clientSecret: new Secret(parentSecret) };
    this.parent = new ParentAccess(this.tokens, { eu: parent }, () => this.nowMs, this.stored);
    this.calls = new ParentCalls(this.transport, this.parent);
    this.clients = new OAuthClientsApi(this.calls);
    this.configs = new ConnectionConfigsApi(this.calls);
    this.secrets = new ClientSecretsApi(this.calls, this.clients);
  }

  static async start(timeoutMs = 10_000): Promise<LocalQlik> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const seen = { method, url, headers, host: headers.host ?? '', body };
        qlik.seen.push(seen);
        (url === '/oauth/token' ? qlik.token : qlik.answer)(seen, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stop = () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      });
    const qlik = new LocalQlik(`http://127.0.0.1:${port}`, stop, timeoutMs);
    return qlik;
  }

  get tokenCalls(): SeenRequest[] {
    return this.seen.filter(({ url }) => url === '/oauth/token');
  }

  get apiCalls(): SeenRequest[] {
    return this.seen.filter(({ url }) => url !== '/oauth/token');
  }

  async close(): Promise<void> {
    await this.stop();
    await this.transport.onApplicationShutdown();
  }
}
