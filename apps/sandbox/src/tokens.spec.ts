import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { claimsOf, send, TenantClient } from '../testing/tenant-client.js';

let sandbox: Sandbox;
const eu = { clientId: 'p-eu', clientSecret: 's-eu' };
const us = { clientId: 'p-us', clientSecret: 's-us' };
const tenantAt = (host: string) => TenantClient.connect(sandbox.url, host, eu.clientId, eu.clientSecret);

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu, us } });
});
afterAll(() => sandbox.close());

describe('who gets in', () => {
  it.each([
    ['acme.eu.qlikcloud.com', eu, 200],
    ['ACME.eu.qlikcloud.com:4600', eu, 200],
    ['acme.us.qlikcloud.com', eu, 401],
    ['acme.us.qlikcloud.com', us, 200],
    ['acme.de.qlikcloud.com', eu, 401],
    ['acme.moon.qlikcloud.com', us, 200],
    ['127.0.0.1', us, 200],
    ['localhost:4600', eu, 200],
    ['console.qlikcloud.com', eu, 401],
    ['acme.eu.qlikcloud.com', { ...eu, clientSecret: 'wrong' }, 401],
    ['acme.eu.qlikcloud.com', { clientId: 'nobody', clientSecret: 's' }, 401],
  ])('%s admits %j: %d', async (host, client, status) => {
    const reply = await new TenantClient(sandbox.url, host).tokenFor(client.clientId, client.clientSecret);
    expect(reply.status).toBe(status);
    if (status === 401) expect(reply.body.errors[0].code).toBe('invalid_client');
  });

  it('takes a form as well as JSON', async () => {
    const fields = { grant_type: 'client_credentials', client_id: eu.clientId, client_secret: eu.clientSecret };
    const reply = await send(sandbox.url, 'form.eu.qlikcloud.com', 'POST', '/oauth/token', {
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(reply.status).toBe(200);
  });

  it.each([{}, { grant_type: 'password', client_id: 'x' }, { grant_type: 'client_credentials' }])(
    'refuses the request %j with 400',
    async (body) => {
      expect((await send(sandbox.url, 'bad.eu.qlikcloud.com', 'POST', '/oauth/token', { body })).status).toBe(400);
    },
  );

  it('never lets a parent client impersonate', async () => {
    const tenant = await tenantAt('parent.eu.qlikcloud.com');
    expect(await tenant.impersonate(eu.clientId, eu.clientSecret)).toMatchObject({
      status: 403,
      body: { errors: [{ code: 'OAUTH-14' }] },
    });
  });
});

describe('a token', () => {
  it('works at the tenant it was minted for and nowhere else', async () => {
    const [one, two] = [await tenantAt('one.eu.qlikcloud.com'), await tenantAt('two.eu.qlikcloud.com')];
    expect((await one.api('GET', '')).status).toBe(200);
    expect((await two.api('GET', '', { token: one.token })).status).toBe(401);
    expect(await two.state()).toMatchObject({ foreignTokens: 1 });
    expect(await one.state()).toMatchObject({ foreignTokens: 0 });
  });

  it('is refused when forged, altered, absent or expired', async () => {
    const tenant = await tenantAt('forged.eu.qlikcloud.com');
    const [head, payload, signature] = tenant.token.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const altered = Buffer.from(payload, 'base64url').toString().replace('forged.eu', 'other.eu');
    for (const token of [
      'x',
      `${none}.${payload}.`,
      `${head}.${Buffer.from(altered).toString('base64url')}.${signature}`,
    ]) {
      expect((await tenant.api('GET', '', { token })).status).toBe(401);
    }
    expect((await send(sandbox.url, tenant.host, 'GET', '/api/v1/oauth-clients')).status).toBe(401);
    await tenant.configure({ tokenSeconds: 1 });
    const brief = await tenant.tokenFor(eu.clientId, eu.clientSecret);
    expect(brief.body.expires_in).toBe(1);
    const { exp } = claimsOf(brief.body.access_token);
    while (Date.now() <= exp * 1000) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await tenant.api('GET', '', { token: brief.body.access_token })).status).toBe(401);
  });

  it('of an impersonation client or a user does not open the API', async () => {
    const tenant = await tenantAt('bot.eu.qlikcloud.com');
    const { clientId, clientSecret } = await tenant.create({ connectionConfig: { consentMethod: 'trusted' } });
    const bot = await tenant.tokenFor(clientId, clientSecret);
    const user = await tenant.impersonate(clientId, clientSecret);
    for (const reply of [bot, user]) {
      expect(reply.status).toBe(200);
      expect((await tenant.api('GET', '', { token: reply.body.access_token })).status).toBe(403);
    }
    expect(await tenant.state()).toMatchObject({ tokensMinted: 3 });
  });
});

describe('impersonation', () => {
  it('needs trusted consent', async () => {
    const tenant = await tenantAt('consent.eu.qlikcloud.com');
    const { clientId, clientSecret } = await tenant.create();
    expect((await tenant.impersonate(clientId, clientSecret)).status).toBe(403);
    await tenant.trust(clientId);
    expect((await tenant.impersonate(clientId, clientSecret)).status).toBe(200);
    await tenant.api('DELETE', `/${clientId}/connection-configs/me`);
    expect((await tenant.impersonate(clientId, clientSecret)).status).toBe(403);
    expect((await tenant.api('GET', `/${clientId}/connection-configs/me`)).status).toBe(404);
  });

  it('needs the grant, a scope within the allowed ones and a user that exists', async () => {
    const tenant = await tenantAt('users.eu.qlikcloud.com');
    await tenant.configure({ users: [{ id: 'u1', subject: 'auth0|1', email: 'one@example.com' }] });
    const { clientId, clientSecret } = await tenant.create({ connectionConfig: { consentMethod: 'trusted' } });
    const by = (field: string, value: string) =>
      tenant.impersonate(clientId, clientSecret, { user_lookup: { field, value } });
    expect((await by('userId', 'u1')).status).toBe(200);
    expect((await by('subject', 'auth0|1')).status).toBe(200);
    expect((await by('subject', 'u1')).status).toBe(400);
    expect((await by('email', 'one@example.com')).status).toBe(400);
    const lookup = { field: 'userId', value: 'u1' };
    const wide = await tenant.impersonate(clientId, clientSecret, { scope: 'admin_classic', user_lookup: lookup });
    expect(wide).toMatchObject({ status: 400, body: { errors: [{ code: 'invalid_scope' }] } });
    const botOnly = await tenant.create({ allowedGrantTypes: ['client_credentials'] });
    const refused = await tenant.impersonate(botOnly.clientId, botOnly.clientSecret);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ code: 'OAUTH-14' }] } });
  });
});
