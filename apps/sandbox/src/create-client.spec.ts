import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { impersonationClient, TenantClient } from '../testing/tenant-client.js';

let sandbox: Sandbox;
let tenant: TenantClient;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
  tenant = await TenantClient.connect(sandbox.url, 'create.eu.qlikcloud.com', 'p', 's');
});
afterAll(() => sandbox.close());

const long = (length: number) => 'x'.repeat(length);
const uris = (count: number) => Array.from({ length: count }, (_, index) => `https://a.example.com/${index}`);

describe('a create that Qlik would refuse', () => {
  const refused: [string, Record<string, unknown>, string][] = [
    ['a field it does not know', { tenantId: 'x' }, 'tenantId'],
    ['no name', { clientName: undefined }, 'clientName'],
    ['an empty name', { clientName: '' }, 'clientName'],
    ['a name over 512', { clientName: long(513) }, 'clientName'],
    ['another app type', { appType: 'mobile' }, 'appType'],
    ['a description over 4096', { description: long(4097) }, 'description'],
    ['a client URI over 2048', { clientUri: `https://a.example.com/${long(2048)}` }, 'clientUri'],
    ['a logo that is no URI', { logoUri: 'logo' }, 'logoUri'],
    ['six redirect URIs', { redirectUris: uris(6) }, 'redirectUris'],
    ['a redirect URI over 256', { redirectUris: [`https://a.example.com/${long(256)}`] }, 'redirectUris.0'],
    ['a redirect URI over http', { redirectUris: ['http://a.example.com/'] }, 'redirectUris.0'],
    ['the same redirect URI twice', { redirectUris: [uris(1)[0], uris(1)[0]] }, 'redirectUris'],
    ['an origin with a path', { allowedOrigins: ['https://a.example.com/x'] }, 'allowedOrigins.0'],
    [
      'origins on a native client',
      { appType: 'native', allowedGrantTypes: [], allowedOrigins: ['https://a.example.com'] },
      'allowedOrigins',
    ],
    ['a scope over 256', { allowedScopes: [long(257)] }, 'allowedScopes.0'],
    ['a scope with a space', { allowedScopes: ['a b'] }, 'allowedScopes.0'],
    ['another grant type', { allowedGrantTypes: ['password'] }, 'allowedGrantTypes.0'],
    ['grants on a client that is not web', { appType: 'spa' }, 'allowedGrantTypes'],
    ['another auth method', { allowedAuthMethods: ['none'] }, 'allowedAuthMethods.0'],
    ['private_key_jwt without a key', { allowedAuthMethods: ['private_key_jwt'] }, 'publicKeys'],
    [
      'a key that is none',
      { publicKeys: [{ kid: 'k', kty: 'RSA', use: 'sig', alg: 'RS256', n: '', e: 'AQAB' }] },
      'publicKeys.0',
    ],
    ['consent that is required', { connectionConfig: { consentMethod: 'required' } }, 'connectionConfig.consentMethod'],
    ['consent with a field more', { connectionConfig: { consentMethod: 'trusted', status: 'x' } }, 'connectionConfig'],
  ];

  it.each(refused)('%s', async (_name, fields, field) => {
    const reply = await tenant.api('POST', '', { body: { ...impersonationClient, ...fields } });
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0].detail).toContain(field);
  });

  it('makes nothing', async () => {
    expect(await tenant.state()).toMatchObject({ clients: [], clientsCreated: 0 });
  });
});

describe('a body that is not JSON', () => {
  it.each([
    ['broken JSON', '{"appType":', 'application/json', 400],
    ['a prototype in disguise', '{"__proto__": {}}', 'application/json', 400],
    ['text', 'appType=web', 'text/plain', 415],
    ['a form', 'appType=web', 'application/x-www-form-urlencoded', 415],
    ['nothing', '', 'application/json', 400],
  ])('%s', async (_name, body, type, status) => {
    const reply = await tenant.api('POST', '', { body, headers: { 'content-type': type } });
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject({ errors: [{ code: `HTTP-${status}`, status }], traceId: expect.any(String) });
  });
});

describe('a create at the limits', () => {
  it('is taken', async () => {
    const fields = {
      clientName: long(512),
      description: long(4096),
      redirectUris: [...uris(4), 'http://localhost:3000/callback'],
      allowedScopes: ['user_default', long(256)],
      allowedOrigins: ['https://a.example.com'],
    };
    expect(await tenant.create(fields)).toMatchObject(fields);
  });

  it('takes the same name twice', async () => {
    await tenant.create({ clientName: 'twin' });
    await tenant.create({ clientName: 'twin' });
  });

  it('gives a native client no secret', async () => {
    expect(await tenant.create({ appType: 'native', allowedGrantTypes: [] })).not.toHaveProperty('clientSecret');
  });
});
