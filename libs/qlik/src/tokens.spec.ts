import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '@app/platform';
import { caught } from '../testing/caught.js';
import { envelope, host, json, LocalQlik } from '../testing/local-qlik.js';

const clientSecret = new Secret('own-secret-9f8e7d');

describe('TokensApi', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(() => qlik.close());
  const own = () => qlik.tokens.clientCredentials({ host, clientId: 'c1', clientSecret });
  const impersonate = () =>
    qlik.tokens.impersonation({
      host,
      clientId: 'c1',
      clientSecret,
      scope: 'user_default',
      user: { field: 'subject', value: 'auth0|ann' },
    });

  it('gets a token for a user', async () => {
    qlik.token = (_request, response) =>
      json(response, 200, { access_token: 'token-x', token_type: 'bearer', expires_in: 21600, scope: 'user_default' });
    const { token, ...rest } = await impersonate();
    expect(token.reveal()).toBe('token-x');
    expect(rest).toEqual({ expiresInSeconds: 21600, scope: 'user_default' });
    expect(JSON.parse(qlik.seen[0]?.body ?? '')).toEqual({
      client_id: 'c1',
      client_secret: 'own-secret-9f8e7d',
      grant_type: 'urn:qlik:oauth:user-impersonation',
      scope: 'user_default',
      user_lookup: { field: 'subject', value: 'auth0|ann' },
    });
    expect(qlik.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('caches nothing', async () => {
    await own();
    await own();
    expect(qlik.tokenCalls).toHaveLength(2);
  });

  const oauth = (error: string) => ({ error, error_description: 'because of own-secret-9f8e7d' });

  it.each<[number, object, string]>([
    [400, oauth('invalid_client'), 'CREDENTIAL_REFUSED'],
    [400, envelope('invalid_client'), 'CREDENTIAL_REFUSED'],
    [401, envelope('HTTP-401'), 'CREDENTIAL_REFUSED'],
    [403, oauth('invalid_client'), 'CREDENTIAL_REFUSED'],
    [403, envelope('OAUTH-14'), 'QLIK_FORBIDDEN'],
    [400, oauth('unauthorized_client'), 'QLIK_FORBIDDEN'],
    [400, oauth('invalid_scope'), 'QLIK_REFUSED'],
    [401, envelope('TENANT_DISABLED'), 'TENANT_DISABLED'],
    [404, {}, 'TENANT_NOT_FOUND'],
    [429, {}, 'QLIK_RATE_LIMITED'],
    [500, {}, 'QLIK_UNAVAILABLE'],
  ])('for the client itself: %i %j is %s', async (status, body, code) => {
    qlik.token = (_request, response) => json(response, status, body);
    expect(await caught(own())).toMatchObject({ code, operation: 'token', host, outcomeUnknown: false });
  });

  it.each<[number, object, string]>([
    [400, oauth('invalid_client'), 'CREDENTIAL_REFUSED'],
    [401, {}, 'CREDENTIAL_REFUSED'],
    [401, envelope('HTTP-401', 'User not found'), 'USER_NOT_FOUND'],
    [403, envelope('OAUTH-14'), 'QLIK_FORBIDDEN'],
    [400, oauth('invalid_scope'), 'QLIK_REFUSED'],
    [400, oauth('invalid_grant'), 'USER_NOT_FOUND'],
    [400, envelope('OAUTH-99', 'User lookup failed'), 'USER_NOT_FOUND'],
    [403, envelope('HTTP-403'), 'USER_NOT_FOUND'],
    [404, envelope('HTTP-404'), 'USER_NOT_FOUND'],
    [422, {}, 'USER_NOT_FOUND'],
    [404, {}, 'TENANT_NOT_FOUND'],
    [403, envelope('TENANT_DISABLED'), 'TENANT_DISABLED'],
    [429, {}, 'QLIK_RATE_LIMITED'],
    [503, {}, 'QLIK_UNAVAILABLE'],
  ])('for a user: %i %j is %s', async (status, body, code) => {
    qlik.token = (_request, response) => json(response, status, body);
    expect(await caught(impersonate())).toMatchObject({ code, operation: 'token', host, qlik: { status } });
  });

  it("keeps Qlik's own words, without the secret they quote", async () => {
    qlik.token = (_request, response) => json(response, 400, oauth('invalid_grant'));
    expect((await caught(impersonate())).qlik).toEqual({
      status: 400,
      code: 'invalid_grant',
      detail: 'because of [secret]',
    });
  });
});
