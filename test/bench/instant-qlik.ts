import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A Qlik Cloud that answers every call of an onboarding at once, from nothing but the request. */
export interface InstantQlik {
  url: string;
  /** When each call came in since the last `take`, on `performance`'s clock. */
  take(): { operation: string; at: number }[];
  close(): Promise<void>;
}

export async function startInstantQlik(accessToken = 'token'): Promise<InstantQlik> {
  let calls: { operation: string; at: number }[] = [];
  const names = new Map<string, string>();
  const clientOf = (clientId: string) => ({
    clientId,
    clientName: names.get(clientId),
    appType: 'web',
    allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
    allowedScopes: ['user_default'],
    createdAt: '2026-01-01T00:00:00.000Z',
    connectionConfig: { consentMethod: 'trusted' },
    clientSecrets: [{ hint: clientId.slice(0, 5), createdBy: 'parent' }],
  });
  const answerOf = (
    method: string,
    path: string,
    body: string,
  ): [operation: string, status: number, answer?: object] => {
    if (path === '/oauth/token')
      return ['token', 200, { access_token: accessToken, token_type: 'bearer', expires_in: 21_600 }];
    if (method === 'GET' && path.includes('?')) return ['list', 200, { data: [] }];
    if (method === 'PATCH') return ['config-patch', 204];
    if (method === 'GET') return ['get', 200, clientOf(path.split('/').at(-1)!)];
    const { clientName } = JSON.parse(body) as { clientName: string };
    const clientId = clientName.split('/').at(-1)!;
    names.set(clientId, clientName);
    return ['create', 201, { ...clientOf(clientId), clientSecret: `secret-of-${clientId}` }];
  };
  const serve = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const at = performance.now();
    const [operation, status, answer] = answerOf(request.method!, request.url!, await text(request));
    calls.push({ operation, at });
    reply
      .writeHead(status, { 'content-type': 'application/json' })
      .end(answer === undefined ? '' : JSON.stringify(answer));
  };
  const server = createServer((request, reply) => void serve(request, reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = calls;
      calls = [];
      return taken;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
