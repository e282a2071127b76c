import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { type Reply, send, TenantClient } from '../testing/tenant-client.js';

let sandbox: Sandbox;
let tenant: TenantClient;
const names = (reply: Reply) => reply.body.data.map((client) => client.clientName);
const list = (query: Record<string, string>) => tenant.api('GET', `?${new URLSearchParams(query).toString()}`);

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
  tenant = await TenantClient.connect(sandbox.url, 'list.eu.qlikcloud.com', 'p', 's');
  for (const clientName of ['alpha', 'beta', 'alphabet', 'ga"mma', 'delta']) await tenant.create({ clientName });
  await tenant.create({ clientName: 'spa', appType: 'spa', allowedGrantTypes: [] });
});
afterAll(() => sandbox.close());

describe('the filter of a list', () => {
  it.each([
    ['clientName eq "alpha"', ['alpha']],
    ['clientname EQ "alpha"', ['alpha']],
    ['clientName eq "Alpha"', []],
    ['clientName co "pha"', ['alpha', 'alphabet']],
    ['clientName sw "alpha" and not (clientName eq "alpha")', ['alphabet']],
    ['clientName eq "ga\\"mma"', ['ga"mma']],
    ['appType eq "spa" or clientName eq "beta" and appType eq "web"', ['beta', 'spa']],
    ['(appType eq "spa" or clientName eq "beta") and appType eq "web"', ['beta']],
    ['not(appType eq "web")', ['spa']],
    ['tenantId eq "nobody"', []],
  ])('%s', async (filter, expected) => {
    const reply = await list({ filter });
    expect([reply.status, names(reply)]).toEqual([200, expected]);
  });

  it.each([
    'clientName',
    'clientName eq',
    'clientName eq alpha',
    'clientName eq "alpha',
    'clientName gt "a"',
    'description eq "x"',
    '(clientName eq "a"',
    'clientName eq "a" clientName eq "b"',
    'not clientName eq "a"',
    "clientName eq 'a'",
    '',
  ])('is refused: %s', async (filter) => {
    expect((await list({ filter })).status).toBe(400);
  });

  it('finds the own tenant by its id', async () => {
    const { tenantId } = (await tenant.state()).tenant;
    expect(names(await list({ filter: `tenantId eq "${tenantId}"` }))).toHaveLength(6);
  });
});

describe('the pages of a list', () => {
  it('are followed through next and prev, on the same host and with the same query', async () => {
    const seen: string[][] = [];
    let reply = await list({ limit: '2', sort: '-clientName', filter: 'appType eq "web"', totalResults: 'true' });
    for (;;) {
      seen.push(names(reply));
      expect(reply.body.totalResults).toBe(5);
      const next = reply.body.links.next?.href;
      if (next === undefined) break;
      expect(next).toMatch(/^https:\/\/list\.eu\.qlikcloud\.com\/api\/v1\/oauth-clients\?/);
      reply = await tenant.api('GET', new URL(next).search);
    }
    expect(seen).toEqual([['ga"mma', 'delta'], ['beta', 'alphabet'], ['alpha']]);
    const back = await tenant.api('GET', new URL(reply.body.links.prev!.href).search);
    expect(names(back)).toEqual(['beta', 'alphabet']);
    expect(back.body.links.next).toBeDefined();
  });

  it('are of 20 without a limit and leave totalResults out', async () => {
    const crowded = await TenantClient.connect(sandbox.url, 'crowd.eu.qlikcloud.com', 'p', 's');
    for (let made = 0; made < 21; made += 1) await crowded.create({ clientName: `client ${made}` });
    const reply = await crowded.api('GET', '');
    expect(reply.body.data).toHaveLength(20);
    expect(reply.body).not.toHaveProperty('totalResults');
    expect(reply.body.data[0]?.clientName).toBe('client 0');
    expect(reply.body.links.prev).toBeUndefined();
  });

  it.each([
    ['limit', '0'],
    ['limit', '101'],
    ['limit', 'two'],
    ['limit', '1.5'],
    ['sort', 'clientName'],
    ['sort', '+description'],
    ['next', 'nonsense'],
    ['totalResults', 'yes'],
  ])('refuse %s=%s', async (name, value) => {
    expect((await list({ [name]: value })).status).toBe(400);
  });

  it('take a plus sign that was not escaped', async () => {
    expect(names(await tenant.api('GET', '?sort=+clientName&limit=1'))).toEqual(['alpha']);
  });
});

describe('list lag', () => {
  it('hides a new client and a new secret from the list alone', async () => {
    const slow = await TenantClient.connect(sandbox.url, 'slow.eu.qlikcloud.com', 'p', 's');
    const { clientId } = await slow.create();
    await slow.configure({ lagMs: 60_000 });
    expect((await slow.api('GET', '')).body.data).toEqual([]);
    expect((await slow.api('GET', `/${clientId}`)).status).toBe(200);
    await slow.configure({});
    expect((await slow.api('GET', '')).body.data).toHaveLength(1);
  });
});

describe('the organisation API', () => {
  it('serves seven operations at the console to the organisation client alone', async () => {
    const parent = { clientId: 'p', clientSecret: 's' };
    const organisation = await startSandbox({
      port: 0,
      parentClients: { eu: parent },
      organisationClient: { clientId: 'org', clientSecret: 'os' },
    });
    try {
      const host = 'console.qlikcloud.com';
      expect((await new TenantClient(organisation.url, host).tokenFor('p', 's')).status).toBe(401);
      const elsewhere = new TenantClient(organisation.url, 'acme.eu.qlikcloud.com');
      expect((await elsewhere.tokenFor('org', 'os')).status).toBe(401);
      const { token } = await TenantClient.connect(organisation.url, host, 'org', 'os');
      const core = (method: string, path: string, body?: unknown) =>
        send(organisation.url, host, method, `/api/core/oauth-clients${path}`, { token, body });
      const created = await core('POST', '', { appType: 'web', clientName: 'org client' });
      expect(created.status).toBe(201);
      const id = `/${created.body.clientId}`;
      expect((await core('GET', '?filter=tenantId%20eq%20%22x%22')).status).toBe(400);
      expect((await core('GET', '?sort=-tenantId')).status).toBe(400);
      expect((await core('GET', '?totalResults=true')).body.totalResults).toBe(1);
      expect((await core('PATCH', id, [{ op: 'replace', path: '/description', value: 'd' }])).status).toBe(204);
      expect((await core('PATCH', id, [{ op: 'replace', path: '/redirectUris', value: [] }])).status).toBe(400);
      expect((await core('POST', `${id}/actions/publish`)).status).toBe(404);
      expect((await core('GET', `${id}/connection-configs/me`)).status).toBe(404);
      const secret = await core('POST', `${id}/client-secrets`);
      expect(secret.status).toBe(201);
      expect((await core('DELETE', `${id}/client-secrets/${secret.body.hint}`)).status).toBe(204);
      expect((await send(organisation.url, host, 'GET', '/api/v1/oauth-clients', { token })).status).toBe(404);
    } finally {
      await organisation.close();
    }
  });
});
