import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { claimsOf, TenantClient } from '../testing/tenant-client.js';

let sandbox: Sandbox;
let hosts = 0;
const parent = { clientId: 'parent-eu', clientSecret: 'parent-secret' };
const newTenant = () =>
  TenantClient.connect(sandbox.url, `t${hosts++}.eu.qlikcloud.com`, parent.clientId, parent.clientSecret);

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu: parent } });
});
afterAll(() => sandbox.close());

describe('onboarding a customer', () => {
  it('makes a client, trusts it and gets a token that speaks for the demo user', async () => {
    const tenant = await newTenant();
    const created = await tenant.api('POST', '', {
      body: {
        appType: 'web',
        clientName: 'portal',
        description: 'made by a test',
        allowedScopes: ['user_default'],
        redirectUris: ['https://portal.example.com/callback'],
        allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
        connectionConfig: { consentMethod: 'trusted' },
      },
    });
    expect(created.status).toBe(201);
    const { clientId, clientSecret, clientSecretHint } = created.body;
    expect(created.body).toMatchObject({
      clientId: expect.stringMatching(/^[0-9a-f]{32}$/),
      clientSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      clientSecretHint: expect.stringMatching(/^.{5}$/),
      clientSecrets: [{ hint: clientSecretHint, createdAt: expect.any(String), createdBy: created.body.ownerId }],
      connectionConfig: { consentMethod: 'trusted' },
      clientUri: '',
      logoUri: '',
    });

    expect((await tenant.trust(clientId)).status).toBe(204);
    const config = await tenant.api('GET', `/${clientId}/connection-configs/me`);
    expect(config).toMatchObject({
      status: 200,
      body: { status: 'approved', consentMethod: 'trusted', deletedByOwner: false },
    });

    const token = await tenant.impersonate(clientId, clientSecret);
    expect(token.status).toBe(200);
    expect(token.body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      scope: 'user_default',
      expires_at: expect.stringMatching(/Z$/),
      expires_in: 21_600,
    });
    const claims = claimsOf(token.body.access_token);
    const [user] = (await tenant.state()).tenant.users;
    expect(claims).toMatchObject({
      sub: user?.id,
      iss: `https://${tenant.host}`,
      host: tenant.host,
      clientId,
      scope: 'user_default',
      kind: 'user',
    });
    expect(JSON.stringify(claims)).not.toContain(clientSecret);
  });

  it('shows a secret once and keeps no plaintext', async () => {
    const tenant = await newTenant();
    const { clientId, clientSecret } = await tenant.create();
    const read = await tenant.api('GET', `/${clientId}`);
    const listed = await tenant.api('GET', '');
    for (const seen of [read.body, listed.body, await tenant.state()]) {
      expect(JSON.stringify(seen)).toContain(clientId);
      expect(JSON.stringify(seen)).not.toContain(clientSecret);
      expect(JSON.stringify(seen)).not.toContain('clientSecret"');
    }
  });

  it('deletes a client only when the header repeats its id', async () => {
    const tenant = await newTenant();
    const { clientId, clientSecret } = await tenant.create();
    expect((await tenant.api('DELETE', `/${clientId}`)).status).toBe(400);
    expect((await tenant.api('DELETE', `/${clientId}`, { headers: { 'qlik-confirm-delete': 'other' } })).status).toBe(
      400,
    );
    expect((await tenant.api('DELETE', `/${clientId}`, { headers: { 'qlik-confirm-delete': clientId } })).status).toBe(
      204,
    );
    expect((await tenant.api('GET', `/${clientId}`)).status).toBe(404);
    expect((await tenant.tokenFor(clientId, clientSecret)).status).toBe(401);
    expect(await tenant.state()).toMatchObject({
      clients: [],
      clientsCreated: 1,
      clientsDeleted: 1,
      secretsDeleted: 1,
    });
  });

  it('answers 404 in the envelope for every path of an unknown client', async () => {
    const tenant = await newTenant();
    const patch = [{ op: 'replace', path: '/description', value: 'x' }];
    const consent = [{ op: 'replace', path: '/consentMethod', value: 'trusted' }];
    const calls: [string, string, unknown?][] = [
      ['GET', '/none'],
      ['PATCH', '/none', patch],
      ['DELETE', '/none'],
      ['POST', '/none/actions/publish'],
      ['POST', '/none/client-secrets'],
      ['DELETE', '/none/client-secrets/abcde'],
      ['GET', '/none/connection-configs/me'],
      ['PATCH', '/none/connection-configs/me', consent],
      ['DELETE', '/none/connection-configs/me'],
    ];
    for (const [method, path, body] of calls) {
      const reply = await tenant.api(method, path, body === undefined ? {} : { body });
      expect([method, path, reply.status]).toEqual([method, path, 404]);
      expect(reply.body).toEqual({
        errors: [{ code: 'HTTP-404', title: 'Not found', detail: expect.any(String), status: 404 }],
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
    }
  });

  it('publishes a client to the other tenants of its region, each with a connection config of its own', async () => {
    const [owner, other] = [await newTenant(), await newTenant()];
    const { clientId, clientSecret } = await owner.create({ connectionConfig: { consentMethod: 'trusted' } });
    expect((await other.api('GET', `/${clientId}`)).status).toBe(404);
    const published = await owner.api('POST', `/${clientId}/actions/publish`);
    expect(published).toMatchObject({ status: 201, body: { publishedAt: expect.any(String) } });
    const seen = await other.api('GET', `/${clientId}`);
    expect(seen.status).toBe(200);
    expect(seen.body).not.toHaveProperty('clientSecrets');
    expect((await other.impersonate(clientId, clientSecret)).status).toBe(403);
    expect((await other.trust(clientId)).status).toBe(204);
    expect((await other.impersonate(clientId, clientSecret)).status).toBe(200);
    await owner.api('DELETE', `/${clientId}`, { headers: { 'qlik-confirm-delete': clientId } });
    const config = await other.api('GET', `/${clientId}/connection-configs/me`);
    expect(config.body).toMatchObject({ consentMethod: 'trusted', deletedByOwner: true });
  });
});
