import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Scope } from '@app/access';
import { newCustomer, type ApiUnderTest, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

const nowhere = '0195b1c0-0000-7000-8000-000000000000';
const routes: [string, string, Scope][] = [
  ['POST', '/v1/customers', 'customers:write'],
  ['GET', '/v1/customers', 'customers:read'],
  ['GET', `/v1/customers/${nowhere}`, 'customers:read'],
  ['GET', `/v1/customers/${nowhere}/credentials`, 'secrets:read'],
  ['POST', `/v1/customers/${nowhere}/tokens`, 'tokens:write'],
  ['GET', '/v1/runs', 'runs:read'],
  ['GET', `/v1/runs/${nowhere}`, 'runs:read'],
  ['POST', `/v1/runs/${nowhere}/retry`, 'runs:write'],
  ['POST', `/v1/runs/${nowhere}/cancel`, 'runs:write'],
  ['GET', '/v1/audit-events', 'audit:read'],
  ['GET', '/v1/audit-events/verification', 'audit:read'],
  ['GET', '/v1/audit-events/export', 'audit:read'],
  ['GET', `/v1/runs/${nowhere}/events`, 'runs:read'],
];

describe('access', () => {
  it.each(routes)('%s %s asks for %s', async (method, path, scope) => {
    const all = [...new Set(routes.map(([, , asked]) => asked))];
    const { id, key } = await api.makeKey(all.filter((other) => other !== scope));
    const body = method === 'POST' ? { body: {} } : {};
    expect(await api.call(method, path, { key, ...body })).toMatchObject({
      status: 403,
      body: { code: 'SCOPE_MISSING', scope },
    });
    const events = await api.call('GET', `/v1/audit-events?chain=system&action=access.refused&actor=api-key:${id}`);
    expect(events.body).toMatchObject({ events: [{ data: { code: 'SCOPE_MISSING', scope } }] });
    expect(await api.call(method, path, { key: null, ...body })).toMatchObject({
      status: 401,
      body: { code: 'API_KEY_MISSING' },
    });
  });

  it('says how to authenticate', async () => {
    const missing = await api.call('GET', '/v1/runs', { key: null });
    expect(missing.headers.get('www-authenticate')).toBe('Bearer');
    const wrong = await api.call('GET', '/v1/runs', { key: 'nonsense' });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'API_KEY_MALFORMED' } });
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('refuses another scheme', async () => {
    const headers = { authorization: 'Basic dXNlcjpwYXNz' };
    expect(await api.call('GET', '/v1/runs', { key: null, headers })).toMatchObject({
      status: 401,
      body: { code: 'API_KEY_MALFORMED' },
    });
  });

  it('refuses an expired key, and one of another installation', async () => {
    const yesterday = Date.now() - 86_400_000;
    const expired = await api.makeKey(['runs:read'], new Date(yesterday + 1000), new Date(yesterday));
    expect(await api.call('GET', '/v1/runs', { key: expired.key })).toMatchObject({
      status: 401,
      body: { code: 'API_KEY_EXPIRED' },
    });
    const unknown = await api.makeKey(['runs:read']);
    await api.database.client.apiKey.delete({ where: { id: unknown.id } });
    expect(await api.call('GET', '/v1/runs', { key: unknown.key })).toMatchObject({
      status: 401,
      body: { code: 'API_KEY_UNKNOWN' },
    });
  });

  it.each(['/v1/customers', '/v1/customers/batch'])(
    'looks at nothing of a body for %s before it knows who asks, and cuts a long one off',
    async (path) => {
      const ask = (length: number) =>
        new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
          const headers = { 'content-type': 'application/json', 'content-length': String(length) };
          const agent = new Agent({ keepAlive: true });
          const request = httpRequest(api.url + path, { method: 'POST', headers, agent });
          request.on('response', (response) => {
            resolve([response.statusCode, response.headers.connection]);
            agent.destroy();
          });
          request.on('error', reject);
          // The rest never comes.
          request.write('{');
        });
      expect(await ask(1_000)).toEqual([401, 'keep-alive']);
      expect(await ask(100_000)).toEqual([401, 'close']);
    },
  );

  it('writes no business row for a caller without the right', async () => {
    const { key } = await api.makeKey(['customers:read']);
    const before = await api.database.client.customer.count();
    const call = { key, body: newCustomer(), headers: { 'idempotency-key': 'no-right' } };
    expect(await api.call('POST', '/v1/customers', call)).toMatchObject({ status: 403 });
    expect(await api.database.client.customer.count()).toBe(before);
    expect(await api.database.client.idempotencyKey.count({ where: { key: 'no-right' } })).toBe(0);
  });
});

describe('the request context', () => {
  it('reaches what is written behind a request whose body comes later than its headers', async () => {
    const { id, key } = await api.makeKey(['api-keys:write', 'runs:read']);
    const { hostname, port } = new URL(api.url);
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'x-request-id': 'context-after-body',
      expect: '100-continue',
    };
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ hostname, port, path: '/v1/api-keys', method: 'POST', headers });
      request.on('continue', () => request.end(JSON.stringify({ name: 'late', scopes: ['runs:read'] })));
      request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      request.flushHeaders();
    });
    expect(status).toBe(201);
    await api.call('GET', '/v1/customers', { key, headers: { 'x-request-id': 'context-of-refusal' } });
    const events = await api.database.client.auditEvent.findMany({
      where: { actor: `api-key:${id}` },
      orderBy: { sequence: 'asc' },
    });
    expect(events).toMatchObject([
      { action: 'api_key.created', requestId: 'context-after-body' },
      { action: 'access.refused', requestId: 'context-of-refusal' },
    ]);
  });
});

describe('every reply', () => {
  it.each(['/livez', '/v1/runs', '/nowhere', '/docs', '/openapi.json'])(
    'of %s carries security headers and a request id',
    async (path) => {
      const { headers } = await api.call('GET', path);
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{8,64}$/);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it('that is no page has the headers that guard what is none', async () => {
    const { headers } = await api.call('GET', '/v1/runs');
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': expect.stringContaining('max-age=31536000'),
      'x-frame-options': 'DENY',
    });
  });

  it.each(['short', 'x'.repeat(65), 'with space', 'a;b;c;d;e'])('makes its own id instead of %j', async (id) => {
    const { headers } = await api.call('GET', '/livez', { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['GET', '/nowhere'],
    ['DELETE', '/v1/customers'],
    ['GET', '/v2/customers'],
    ['GET', `/v1/runs/${'x'.repeat(300)}`],
  ])('answers %s %s with a problem', async (method, path) => {
    expect(await api.call(method, path)).toMatchObject({ status: 404, body: { status: 404, instance: path } });
  });

  it('answers an address that cannot be decoded with a problem', async () => {
    const [status, body] = await rawGet('/v1/runs/%zz');
    expect([status, JSON.parse(body)]).toMatchObject([400, { code: 'REQUEST_MALFORMED' }]);
  });

  it('explains its problems where their type points', async () => {
    const { body } = await api.call('GET', '/nowhere');
    expect(body.type).toBe('/problems/route-not-found');
    expect(await api.call<string>('GET', body.type)).toMatchObject({
      status: 200,
      body: expect.stringContaining('ROUTE_NOT_FOUND'),
    });
  });
});

describe('the log', () => {
  it('has one line per request, without key, body or query', async () => {
    const id = 'log-line-request';
    const { key, id: keyId } = await api.makeKey(['customers:read', 'customers:write']);
    const headers = { 'x-request-id': id, 'idempotency-key': 'logged' };
    await api.call('POST', '/v1/customers', { key, body: newCustomer({ name: 'Do not log me' }), headers });
    await api.call('GET', '/v1/customers?q=do-not-log-me', { key, headers: { 'x-request-id': 'log-line-query' } });
    const lines = api
      .logged()
      .split('\n')
      .filter((line) => line.includes('Request answered'));
    const line = JSON.parse(lines.find((text) => text.includes(id))!) as unknown;
    expect(line).toMatchObject({ method: 'POST', route: '/v1/customers', status: 202, requestId: id, callerId: keyId });
    expect(lines.filter((text) => text.includes(id))).toHaveLength(1);
    for (const secret of [key, 'Do not log me', 'do-not-log-me']) expect(api.logged()).not.toContain(secret);
  });
});

/** fetch would repair the address. */
function rawGet(path: string): Promise<[number, string]> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, path, headers: { authorization: `Bearer ${api.key}` } },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve([response.statusCode!, body]));
      },
    );
    request.on('error', reject).end();
  });
}
