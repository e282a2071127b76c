import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isScope, type Scope, scopes } from '@app/access';
import { type ApiUnderTest, startApiUnderTest } from './api-under-test.js';

type Schema = Record<string, unknown>;
interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { headers?: Record<string, unknown> }>;
  security?: Record<string, unknown>[];
  'x-required-scope'?: string;
  'x-problem-codes': string[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
interface Route {
  name: string;
  method: string;
  path: string;
  operation: Operation;
}

/** Bodies where the smallest one that the schema allows is refused for another rule. */
const BODIES: Record<string, unknown> = {
  changeCustomer: { name: 'for the test' },
  changeWebhookEndpoint: { description: 'for the test' },
  replayWebhooks: { since: '2026-01-01T00:00:00.000Z' },
};

let api: ApiUnderTest;
let document: Document;
let routes: Route[];

beforeAll(async () => {
  api = await startApiUnderTest();
  document = (await api.call<Document>('GET', '/openapi.json', { key: null })).body;
  routes = Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([verb, operation]) => {
        const method = verb.toUpperCase();
        return { name: `${method} ${path}`, method, path, operation };
      }),
    );
});
afterAll(() => api.close());

const call = ({ method, path, operation }: Route, key: string | null, id: string = randomUUID()) => {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? {} : { body: BODIES[operation.operationId] ?? smallest(schema) };
  const headers = { 'if-match': '"0"', 'idempotency-key': randomUUID() };
  return api.call(method, path.replace(/\{\w+\}/g, id), { key, headers, ...body });
};
const scopeOf = ({ operation }: Route) => operation['x-required-scope'] as Scope;

describe('every operation of /v1', () => {
  it('is found here', () => expect(routes.length).toBeGreaterThan(15));

  it('declares the scope it asks for, and either way to show it', () => {
    for (const { name, operation } of routes) {
      expect([name, isScope(operation['x-required-scope'] ?? '')]).toEqual([name, true]);
      expect([name, operation.security]).toEqual([name, [{ accessToken: [] }, { apiKey: [] }]]);
    }
  });

  it('declares its limits, and what is answered beyond them', () => {
    for (const { name, operation } of routes) {
      expect([name, operation['x-problem-codes']]).toEqual([name, expect.arrayContaining(['RATE_LIMITED'])]);
      expect([name, operation.responses[429]?.headers]).toMatchObject([name, { 'Retry-After': {} }]);
      for (const [status, { headers }] of Object.entries(operation.responses)) {
        expect([name, status, headers]).toMatchObject([name, status, { RateLimit: {}, 'RateLimit-Policy': {} }]);
      }
    }
  });

  it('declares what a body meets that is no JSON, also where it asks for none', async () => {
    for (const { name, method, path, operation } of routes.filter((route) => route.method !== 'GET')) {
      const codes = ['BODY_NOT_JSON', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'];
      expect([name, operation['x-problem-codes']]).toEqual([name, expect.arrayContaining(codes)]);
      expect([name, Object.keys(operation.responses)]).toEqual([name, expect.arrayContaining(['400', '413', '415'])]);
      const { status, body } = await api.call(method, path.replace(/\{\w+\}/g, randomUUID()), { body: '{' });
      expect([name, status, body.code]).toEqual([name, 400, 'BODY_NOT_JSON']);
    }
  });

  it('answers 401 without a key', async () => {
    for (const route of routes) {
      const answer = await call(route, null);
      expect([route.name, answer.status, answer.body.code]).toEqual([route.name, 401, 'API_KEY_MISSING']);
      expect([route.name, answer.headers.get('www-authenticate')]).toEqual([route.name, 'Bearer']);
    }
  });

  it('answers 403 to a key of all other scopes, and audits it', async () => {
    for (const route of routes) {
      const scope = scopeOf(route);
      const { id, key } = await api.makeKey((Object.keys(scopes) as Scope[]).filter((other) => other !== scope));
      const { status, body } = await call(route, key);
      expect([route.name, status, body]).toMatchObject([route.name, 403, { code: 'SCOPE_MISSING', scope }]);
      const path = `/v1/audit-events?chain=system&action=access.refused&actor=api-key:${id}`;
      const operation = `${route.method} ${route.path.replace(/\{(\w+)\}/g, ':$1')}`;
      expect([route.name, (await api.call('GET', path)).body]).toMatchObject([
        route.name,
        { events: [{ data: { code: 'SCOPE_MISSING', scope, operation } }] },
      ]);
    }
  });

  it('lets its own scope in, alone', async () => {
    for (const route of routes) {
      const { key } = await api.makeKey([scopeOf(route)]);
      const { status, body } = await call(route, key);
      expect([route.name, status === 401 || body.code === 'SCOPE_MISSING', status >= 500]).toEqual([
        route.name,
        false,
        false,
      ]);
    }
  });

  it('answers 404 with a problem of its own for an id that nothing has', async () => {
    const withId = routes.filter(({ path }) => path.includes('{id}'));
    expect(withId.length).toBeGreaterThan(8);
    for (const route of withId) {
      for (const id of [randomUUID(), 'not-an-id']) {
        const { status, headers, body } = await call(route, api.key, id);
        expect([route.name, status, body]).toMatchObject([
          route.name,
          404,
          { status: 404, code: expect.stringMatching(/_NOT_FOUND$/) },
        ]);
        expect(body.code).not.toBe('ROUTE_NOT_FOUND');
        expect([route.name, route.operation['x-problem-codes']]).toEqual([
          route.name,
          expect.arrayContaining([body.code]),
        ]);
        expect(headers.get('content-type')).toBe('application/problem+json');
      }
    }
  });
});

/** The smallest value that a schema of ours allows, its refinements aside. */
function smallest(schema: Schema): unknown {
  if (typeof schema.$ref === 'string') return smallest(document.components.schemas[schema.$ref.split('/').at(-1)!]!);
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ('const' in schema) return schema.const;
  const [alternative] = (schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []) as Schema[];
  if (alternative !== undefined) return smallest(alternative);
  switch (schema.type) {
    case 'object': {
      const properties = (schema.properties ?? {}) as Record<string, Schema>;
      const required = (schema.required ?? []) as string[];
      return Object.fromEntries(required.map((name) => [name, smallest(properties[name]!)]));
    }
    case 'array':
      return Array.from({ length: Number(schema.minItems ?? 0) }, () => smallest(schema.items as Schema));
    case 'integer':
    case 'number':
      return Number(schema.minimum ?? 1);
    case 'boolean':
      return true;
    default:
      return schema.format === 'uuid' ? randomUUID() : 'x'.repeat(Math.max(1, Number(schema.minLength ?? 1)));
  }
}
