import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { send, TenantClient } from '../testing/tenant-client.js';

let sandbox: Sandbox;
let hosts = 0;
const newTenant = () => TenantClient.connect(sandbox.url, `s${hosts++}.eu.qlikcloud.com`, 'p', 's');

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
});
afterAll(() => sandbox.close());

describe('client secrets', () => {
  it('are five at most, each of which opens the client until it is deleted', async () => {
    const tenant = await newTenant();
    const { clientId, clientSecret, ownerId } = await tenant.create();
    const secrets = [clientSecret];
    for (let made = 0; made < 4; made += 1) {
      const reply = await tenant.api('POST', `/${clientId}/client-secrets`, {
        headers: { 'content-type': 'application/json' },
      });
      expect(reply.status).toBe(201);
      expect(reply.body).toEqual({
        clientId,
        clientSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
        hint: expect.stringMatching(/^.{5}$/),
        createdAt: expect.any(String),
        createdBy: ownerId,
      });
      secrets.push(reply.body.clientSecret);
    }
    for (const secret of secrets) expect((await tenant.tokenFor(clientId, secret)).status).toBe(200);
    const sixth = await tenant.api('POST', `/${clientId}/client-secrets`);
    expect(sixth).toMatchObject({ status: 409, body: { errors: [{ code: 'HTTP-409' }] } });

    const { hints } = (await tenant.state()).clients[0];
    expect(new Set(hints).size).toBe(5);
    expect((await tenant.api('DELETE', `/${clientId}/client-secrets/${hints[0]}`)).status).toBe(204);
    expect((await tenant.api('DELETE', `/${clientId}/client-secrets/${hints[0]}`)).status).toBe(404);
    expect((await tenant.tokenFor(clientId, clientSecret)).status).toBe(401);
    expect((await tenant.tokenFor(clientId, secrets[1]!)).status).toBe(200);
    expect(await tenant.state()).toMatchObject({
      secretsCreated: 5,
      secretsDeleted: 1,
      secretsAtMost: 5,
      refusedSixthSecrets: 1,
    });
  });

  it('come from a patch that adds client_secret, shown once and without the hint', async () => {
    const tenant = await newTenant();
    const key = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'ES384' };
    const created = await tenant.create({ allowedAuthMethods: ['private_key_jwt'], publicKeys: [jwk] });
    expect(created).not.toHaveProperty('clientSecret');
    const path = '/allowedAuthMethods';
    const value = ['private_key_jwt', 'client_secret'];
    const reply = await tenant.api('PATCH', `/${created.clientId}`, { body: [{ op: 'replace', path, value }] });
    expect(reply).toMatchObject({ status: 202, body: { clientSecret: expect.any(String) } });
    expect(Object.keys(reply.body)).toEqual(['clientSecret']);
    expect((await tenant.tokenFor(created.clientId, reply.body.clientSecret)).status).toBe(200);
    const again = await tenant.api('PATCH', `/${created.clientId}`, { body: [{ op: 'replace', path, value }] });
    expect(again).toMatchObject({ status: 204, body: undefined });
  });

  it.each(['RS256', 'RS512', 'ES384'])('can be replaced by a key: private_key_jwt with %s', async (alg) => {
    const tenant = await newTenant();
    const key =
      alg === 'ES384'
        ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg };
    const { clientId } = await tenant.create({ allowedAuthMethods: ['private_key_jwt'], publicKeys: [jwk] });
    await tenant.trust(clientId);
    const impersonate = (seconds: number, issuer: string) => {
      const now = Math.floor(Date.now() / 1000);
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const text = `${part({ alg, kid: 'k1' })}.${part({ iss: issuer, sub: clientId, iat: now, exp: now + seconds })}`;
      const digest = { RS256: 'sha256', RS512: 'sha512', ES384: 'sha384' }[alg];
      const signature = sign(digest, Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
      return tenant.impersonate(clientId, '', {
        client_secret: undefined,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: `${text}.${signature.toString('base64url')}`,
      });
    };
    expect((await impersonate(300, clientId)).status).toBe(200);
    expect((await impersonate(600, clientId)).status).toBe(401);
    expect((await impersonate(-1, clientId)).status).toBe(401);
    expect((await impersonate(300, 'somebody')).status).toBe(401);
    await tenant.configure({ unknowns: { privateKeyJwtRefused: true } });
    expect((await impersonate(300, clientId)).status).toBe(400);
  });

  it('can be made by somebody else, through the control API', async () => {
    const tenant = await newTenant();
    const { clientId, ownerId } = await tenant.create();
    const path = `/_sandbox/tenants/${tenant.host}/clients/${clientId}/secrets`;
    const added = await send(sandbox.url, 'control', 'POST', path, { body: { count: 4 } });
    expect(added).toMatchObject({ status: 201, body: { hints: expect.any(Array) } });
    const read = await tenant.api('GET', `/${clientId}`);
    expect(read.body.clientSecrets.slice(1).map((secret: { hint: string }) => secret.hint)).toEqual(added.body.hints);
    expect(read.body.clientSecrets[1]?.createdBy).not.toBe(ownerId);
    expect((await send(sandbox.url, 'control', 'POST', path, { body: {} })).status).toBe(409);
  });
});

describe('a client that somebody disabled, through the control API', () => {
  it('says so wherever it is read, gets no token, and is as before once it is enabled', async () => {
    const tenant = await newTenant();
    const { clientId, clientSecret } = await tenant.create();
    await tenant.trust(clientId);
    const read = async () => (await tenant.api('GET', `/${clientId}`)).body;
    const before = await read();
    expect(before).not.toHaveProperty('disableTag');
    expect(await tenant.disable(clientId, true)).toMatchObject({
      status: 200,
      body: { clientId, disableTag: 'disabled' },
    });
    expect(await read()).toEqual({ ...before, disableTag: 'disabled' });
    expect((await tenant.api('GET', '')).body.data).toMatchObject([{ clientId, disableTag: 'disabled' }]);
    expect(await tenant.tokenFor(clientId, clientSecret)).toMatchObject({
      status: 401,
      body: { errors: [{ code: 'invalid_client' }] },
    });
    expect((await tenant.impersonate(clientId, clientSecret)).status).toBe(401);

    const rename = [{ op: 'replace', path: '/clientName', value: 'renamed' }];
    expect((await tenant.api('PATCH', `/${clientId}`, { body: rename })).status).toBe(204);
    expect(await read()).toMatchObject({ clientName: 'renamed', disableTag: 'disabled' });
    const smuggled = [{ op: 'replace', path: '/disableTag', value: '' }];
    expect((await tenant.api('PATCH', `/${clientId}`, { body: smuggled })).status).toBe(400);

    expect(await tenant.disable(clientId, false)).toMatchObject({ status: 200, body: { clientId, disableTag: null } });
    expect(await read()).not.toHaveProperty('disableTag');
    expect((await tenant.impersonate(clientId, clientSecret)).status).toBe(200);
  });

  it('is one that the tenant made, and the order says which way', async () => {
    const tenant = await newTenant();
    expect((await tenant.disable('nobody', true)).status).toBe(404);
    const { clientId } = await tenant.create();
    const path = `/_sandbox/tenants/${tenant.host}/clients/${clientId}`;
    expect((await send(sandbox.url, 'control', 'PUT', path, { body: {} })).status).toBe(400);
  });
});

describe('a patch', () => {
  it('changes what the documents let it change, all or nothing', async () => {
    const tenant = await newTenant();
    const { clientId } = await tenant.create({ description: 'before' });
    const patch = (body: unknown) => tenant.api('PATCH', `/${clientId}`, { body });
    const good = [
      { op: 'replace', path: '/clientName', value: 'renamed' },
      { op: 'remove', path: '/description' },
      { op: 'add', path: '/redirectUris', value: ['https://a.example.com/'] },
    ];
    expect((await patch(good)).status).toBe(204);
    const after = (await tenant.api('GET', `/${clientId}`)).body;
    expect(after).toMatchObject({ clientName: 'renamed', description: '', redirectUris: ['https://a.example.com/'] });
    const bad: unknown[] = [
      [],
      {},
      [{ op: 'replace', path: '/appType', value: 'spa' }],
      [{ op: 'test', path: '/clientName', value: 'x' }],
      [{ op: 'replace', path: '/clientName' }],
      [{ op: 'remove', path: '/clientName' }],
      [{ op: 'replace', path: '/clientName', value: 'x', from: 'y' }],
      [good[0], { op: 'replace', path: '/redirectUris', value: ['http://a.example.com/'] }],
    ];
    for (const body of bad) expect((await patch(body)).status).toBe(400);
    expect((await tenant.api('GET', `/${clientId}`)).body).toEqual(after);
  });
});
