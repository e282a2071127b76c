import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { problemCatalog } from '../../apps/api/src/problems/problem-catalog.js';
import { type ApiUnderTest, startApiUnderTest } from './api-under-test.js';

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  parameters?: { name: string; in: string; schema?: object; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
  security?: object[];
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { additionalProperties?: unknown; properties?: object }> };
}

let api: ApiUnderTest;
let document: Document;

beforeAll(async () => {
  api = await startApiUnderTest({ PUBLIC_URL: 'https://onboarding.example' });
  document = (await api.call<Document>('GET', '/openapi.json', { key: null })).body;
});

afterAll(() => api.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 and documents every route under a stable name', () => {
    expect(document.openapi).toMatch(/^3\.1/);
    const names = operations().map(({ path, method, operation }) => `${operation.operationId}: ${method} ${path}`);
    expect(names.sort()).toEqual([
      'acknowledgeCredentials: post /v1/customers/{id}/credentials/acknowledgements',
      'cancelRun: post /v1/runs/{id}/cancel',
      'changeCustomer: patch /v1/customers/{id}',
      'changeWebhookEndpoint: patch /v1/webhook-endpoints/{id}',
      'createApiKey: post /v1/api-keys',
      'createCustomer: post /v1/customers',
      'createCustomers: post /v1/customers/batch',
      'createPause: post /v1/pauses',
      'createToken: post /v1/customers/{id}/tokens',
      'createWebhookEndpoint: post /v1/webhook-endpoints',
      'deleteParentClient: delete /v1/parent-clients/{region}',
      'deletePause: delete /v1/pauses/{id}',
      'deleteWebhookEndpoint: delete /v1/webhook-endpoints/{id}',
      'exportAuditEvents: get /v1/audit-events/export',
      'followRun: get /v1/runs/{id}/events',
      'getCredentials: get /v1/customers/{id}/credentials',
      'getCustomer: get /v1/customers/{id}',
      'getLiveness: get /livez',
      'getReadiness: get /readyz',
      'getRun: get /v1/runs/{id}',
      'getWebhookEndpoint: get /v1/webhook-endpoints/{id}',
      'listApiKeys: get /v1/api-keys',
      'listAuditEvents: get /v1/audit-events',
      'listCustomers: get /v1/customers',
      'listParentClients: get /v1/parent-clients',
      'listPauses: get /v1/pauses',
      'listRuns: get /v1/runs',
      'listSecretVersions: get /v1/customers/{id}/secret-versions',
      'listWebhookDeliveries: get /v1/webhook-endpoints/{id}/deliveries',
      'listWebhookEndpoints: get /v1/webhook-endpoints',
      'offboardCustomer: delete /v1/customers/{id}',
      'replaceApiKey: post /v1/api-keys/{id}/replacement',
      'replayWebhooks: post /v1/webhook-endpoints/{id}/replay',
      'retryRun: post /v1/runs/{id}/retry',
      'revokeApiKey: delete /v1/api-keys/{id}',
      'rollBackRotation: post /v1/customers/{id}/rotations/rollback',
      'rotateWebhookSecret: post /v1/webhook-endpoints/{id}/secret-rotation',
      'startRotation: post /v1/customers/{id}/rotations',
      'storeParentClient: put /v1/parent-clients/{region}',
      'testWebhookEndpoint: post /v1/webhook-endpoints/{id}/test',
      'verifyAuditChain: get /v1/audit-events/verification',
    ]);
  });

  it('resolves every reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      let target: unknown = document;
      for (const part of reference.slice(2).split('/')) target = (target as Record<string, unknown>)[part];
      expect({ reference, target: typeof target }).toEqual({ reference, target: 'object' });
    }
  });

  it('declares every parameter in a path, and gives every parameter a schema', () => {
    for (const { path, operation } of operations()) {
      const declared = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
      for (const parameter of operation.parameters ?? []) expect(parameter).toHaveProperty('schema');
    }
  });

  const streams: Record<string, string> = { followRun: 'text/event-stream', exportAuditEvents: 'application/x-ndjson' };

  it('gives every operation a body for its answer, and problems as problem+json', () => {
    for (const { operation } of operations()) {
      for (const [status, response] of Object.entries(operation.responses)) {
        const good = streams[operation.operationId] ?? 'application/json';
        const type = Number(status) >= 400 ? 'application/problem+json' : good;
        const media = ['204', '304'].includes(status) ? [] : [type];
        expect([operation.operationId, status, Object.keys(response.content ?? {})]).toEqual([
          operation.operationId,
          status,
          media,
        ]);
      }
    }
  });

  it('asks for a key wherever the API does', () => {
    for (const { path, operation } of operations())
      expect(operation.security !== undefined).toBe(path.startsWith('/v1/'));
  });

  it('documents query parameters from the schemas that judge them', () => {
    const { parameters } = document.paths['/v1/runs']!.get!;
    const query = parameters!
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, required }) => [name, required ?? false]);
    expect(query).toEqual([
      ['plan', false],
      ['state', false],
      ['customerId', false],
      ['code', false],
      ['cursor', false],
      ['limit', false],
    ]);
  });

  it('says of both ways to rotate that tokens outlive their secret', () => {
    for (const path of ['rotations', 'rotations/rollback']) {
      const { description } = document.paths[`/v1/customers/{id}/${path}`]!.post!;
      expect(description).toMatch(/[Tt]okens that were minted with .* live on until they expire/);
    }
  });

  it('refuses unknown members in requests and allows new ones in answers', () => {
    const { schemas } = document.components;
    expect(schemas.NewCustomerInput ?? schemas.NewCustomer).toMatchObject({ additionalProperties: false });
    expect(schemas.Customer).not.toHaveProperty('additionalProperties');
  });
});

describe('/docs', () => {
  it('is a page whose scripts and styles are all from here, as its policy demands', async () => {
    const page = await api.call<string>('GET', '/docs', { key: null });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>[^<\s]/);
    const sources = [...page.body.matchAll(/<script[^>]*\bsrc="([^"]+)"/g)].map((match) => match[1]!);
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) {
      const script = await api.call('GET', new URL(source, `${api.url}/docs`).pathname, { key: null });
      expect([source, script.status]).toEqual([source, 200]);
    }
  });
});

describe('docs/api.md', () => {
  it('lists every problem with its status', () => {
    const text = readFileSync('docs/api.md', 'utf8');
    const listed = [...text.matchAll(/^\| `([A-Z_]+)` +\| (\d{3}) +\|/gm)].map((match) => `${match[1]} ${match[2]}`);
    expect(listed.sort()).toEqual(
      Object.entries(problemCatalog)
        .map(([code, { status }]) => `${code} ${status}`)
        .sort(),
    );
  });
});
