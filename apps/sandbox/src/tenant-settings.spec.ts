import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { impersonationClient, send, TenantClient } from '../testing/tenant-client.js';

let sandbox: Sandbox;
let hosts = 0;
const trusted = { connectionConfig: { consentMethod: 'trusted' } };

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
});
afterAll(() => sandbox.close());

async function newTenant(settings: Record<string, unknown> = {}): Promise<TenantClient> {
  const tenant = await TenantClient.connect(sandbox.url, `u${hosts++}.eu.qlikcloud.com`, 'p', 's');
  expect((await tenant.configure(settings)).status).toBe(200);
  return tenant;
}

describe('a tenant that is', () => {
  it.each([
    ['disabled', 401, 'TENANT_DISABLED', 401],
    ['gone', 404, 'HTTP-404', 404],
    ['forbidden', 403, 'HTTP-403', 200],
  ])('%s answers %d %s, and %d to a token request', async (flag, status, code, tokenStatus) => {
    const tenant = await newTenant({ [flag]: true });
    expect(await tenant.api('GET', '')).toMatchObject({ status, body: { errors: [{ code }] } });
    expect((await tenant.tokenFor('p', 's')).status).toBe(tokenStatus);
    await tenant.configure({});
    expect((await tenant.api('GET', '')).status).toBe(200);
  });
});

describe('the tiers', () => {
  it('limit reads and writes apart, with 429 and Retry-After', async () => {
    const tenant = await newTenant({ limits: { tier1PerMinute: 2, tier2PerMinute: 1 } });
    expect((await tenant.api('GET', '')).status).toBe(200);
    expect((await tenant.api('GET', '/none')).status).toBe(404);
    const reply = await tenant.api('GET', '');
    expect(reply).toMatchObject({ status: 429, body: { errors: [{ code: 'HTTP-429' }] } });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(reply.headers['retry-after'])).toBeLessThanOrEqual(60);
    await tenant.create();
    expect((await tenant.api('POST', '', { body: impersonationClient })).status).toBe(429);
    expect((await tenant.tokenFor('p', 's')).status).toBe(200);
  });

  it("are Qlik's published numbers unless set", async () => {
    const tenant = await newTenant();
    for (let made = 0; made < 100; made += 1) await tenant.create();
    expect((await tenant.api('POST', '', { body: impersonationClient })).status).toBe(429);
    expect((await tenant.state()).tenant.limits).toEqual({ tier1PerMinute: 1000, tier2PerMinute: 100 });
  });
});

describe('an unknown, switched the other way', () => {
  it('clientNameMustBeUnique refuses a second client of a name', async () => {
    const tenant = await newTenant({ unknowns: { clientNameMustBeUnique: true } });
    await tenant.create();
    expect((await tenant.api('POST', '', { body: impersonationClient })).status).toBe(400);
  });

  it('consentInCreateRefused refuses connectionConfig in a create', async () => {
    const tenant = await newTenant({ unknowns: { consentInCreateRefused: true } });
    expect((await tenant.api('POST', '', { body: { ...impersonationClient, ...trusted } })).status).toBe(400);
    await tenant.create();
  });

  it.each([
    [{}, true, true],
    [{ hintOnlyInGuideForm: true }, true, false],
    [{ hintOnlyInReferenceForm: true }, false, true],
    [{ hintAbsentOnCreate: true }, false, false],
  ])('%j shows clientSecretHint: %p, clientSecrets: %p', async (unknowns, guide, reference) => {
    const created = await (await newTenant({ unknowns })).create();
    expect(['clientSecretHint' in created, 'clientSecrets' in created]).toEqual([guide, reference]);
  });

  it('lastSecretMayNotBeDeleted keeps the last secret', async () => {
    const tenant = await newTenant({ unknowns: { lastSecretMayNotBeDeleted: true } });
    const { clientId, clientSecretHint } = await tenant.create();
    const path = `/${clientId}/client-secrets`;
    expect((await tenant.api('DELETE', `${path}/${clientSecretHint}`)).status).toBe(400);
    await tenant.api('POST', path);
    expect((await tenant.api('DELETE', `${path}/${clientSecretHint}`)).status).toBe(204);
  });

  it('secretDeletionDelayMs lets a deleted secret live on', async () => {
    const tenant = await newTenant({ unknowns: { secretDeletionDelayMs: 150 } });
    const { clientId, clientSecret, clientSecretHint } = await tenant.create();
    const deletedAt = Date.now();
    await tenant.api('DELETE', `/${clientId}/client-secrets/${clientSecretHint}`);
    expect((await tenant.api('GET', `/${clientId}`)).body.clientSecrets).toEqual([]);
    expect((await tenant.tokenFor(clientId, clientSecret)).status).toBe(200);
    while ((await tenant.tokenFor(clientId, clientSecret)).status === 200)
      expect(Date.now() - deletedAt).toBeLessThan(5000);
    expect(Date.now() - deletedAt).toBeGreaterThanOrEqual(150);
  });

  it('secretPropagationMs makes a new secret wait', async () => {
    const tenant = await newTenant({ unknowns: { secretPropagationMs: 60_000 } });
    const { clientId, clientSecret } = await tenant.create();
    expect((await tenant.tokenFor(clientId, clientSecret)).status).toBe(401);
    await tenant.configure({});
    expect((await tenant.tokenFor(clientId, clientSecret)).status).toBe(200);
  });

  it('originsOnWebRefused refuses allowedOrigins in create and patch', async () => {
    const tenant = await newTenant({ unknowns: { originsOnWebRefused: true } });
    const allowedOrigins = ['https://a.example.com'];
    expect((await tenant.api('POST', '', { body: { ...impersonationClient, allowedOrigins } })).status).toBe(400);
    const { clientId } = await tenant.create();
    const body = [{ op: 'add', path: '/allowedOrigins', value: allowedOrigins }];
    expect((await tenant.api('PATCH', `/${clientId}`, { body })).status).toBe(400);
  });

  it('createdByAbsent and connectionConfigAbsentOnGet leave those fields out', async () => {
    const tenant = await newTenant({ unknowns: { createdByAbsent: true, connectionConfigAbsentOnGet: true } });
    const { clientId } = await tenant.create(trusted);
    const read = (await tenant.api('GET', `/${clientId}`)).body;
    expect(Object.keys(read.clientSecrets[0]!)).toEqual(['hint', 'createdAt']);
    expect(read).not.toHaveProperty('connectionConfig');
    expect((await tenant.api('POST', `/${clientId}/client-secrets`)).body).not.toHaveProperty('createdBy');
  });

  it.each([401, 403, 404])('userNotFoundStatus %d', async (userNotFoundStatus) => {
    const tenant = await newTenant({ unknowns: { userNotFoundStatus } });
    const { clientId, clientSecret } = await tenant.create(trusted);
    const lookup = { user_lookup: { field: 'subject', value: 'nobody' } };
    expect((await tenant.impersonate(clientId, clientSecret, lookup)).status).toBe(userNotFoundStatus);
  });

  it('wrongSecretStatus 400', async () => {
    const tenant = await newTenant({ unknowns: { wrongSecretStatus: 400 } });
    expect((await tenant.tokenFor('p', 'wrong')).status).toBe(400);
  });

  it('filterIgnored lists everything', async () => {
    const tenant = await newTenant({ unknowns: { filterIgnored: true } });
    await tenant.create();
    expect((await tenant.api('GET', '?filter=clientName%20eq%20%22other%22')).body.data).toHaveLength(1);
  });
});

describe('the control API', () => {
  it.each([
    [{ disable: true }, 'disable'],
    [{ lagMs: -1 }, 'lagMs'],
    [{ limits: { tier1PerMinute: 0 } }, 'limits.tier1PerMinute'],
    [{ unknowns: { everything: true } }, 'everything'],
    [{ users: [{ id: 'a', subject: 'b' }] }, 'users.0.email'],
    [
      {
        users: [
          { id: 'a', subject: 'b', email: 'c' },
          { id: 'a', subject: 'd', email: 'e' },
        ],
      },
      'users',
    ],
  ])('refuses the settings %j and names %s', async (settings, field) => {
    const reply = await send(sandbox.url, 'control', 'PUT', '/_sandbox/tenants/x.eu.qlikcloud.com', { body: settings });
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0].detail).toContain(field);
  });

  it('sums the state of all tenants', async () => {
    const own = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
    try {
      for (const host of ['a.eu.qlikcloud.com', 'b.eu.qlikcloud.com']) {
        await (await TenantClient.connect(own.url, host, 'p', 's')).create();
      }
      const { body } = await send(own.url, 'control', 'GET', '/_sandbox/state');
      expect(body).toMatchObject({
        clients: [{ tenantHost: 'a.eu.qlikcloud.com' }, { tenantHost: 'b.eu.qlikcloud.com' }],
        tenants: ['a.eu.qlikcloud.com', 'b.eu.qlikcloud.com'],
        clientsCreated: 2,
        secretsCreated: 2,
        secretsAtMost: 1,
        tokensMinted: 2,
        requests: { token: 2, create: 2 },
      });
    } finally {
      await own.close();
    }
  });
});
