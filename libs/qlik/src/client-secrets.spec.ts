import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { caught } from '../testing/caught.js';
import { envelope, host, json, LocalQlik } from '../testing/local-qlik.js';

describe('ClientSecretsApi', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(() => qlik.close());

  it('mints a secret without a body', async () => {
    qlik.answer = (_request, response) =>
      json(response, 201, { clientId: 'c1', clientSecret: 'shown-once-5a5b5c', hint: 'aaaaa', createdBy: 'bot' });
    const { secret, ...rest } = await qlik.secrets.create(host, 'c1');
    expect(secret.reveal()).toBe('shown-once-5a5b5c');
    expect(rest).toEqual({ hint: 'aaaaa', createdBy: 'bot' });
    expect(qlik.apiCalls).toMatchObject([{ method: 'POST', url: '/api/v1/oauth-clients/c1/client-secrets', body: '' }]);
  });

  it.each([
    [409, 'SECRET_CAPACITY', false],
    [404, 'CLIENT_NOT_FOUND', false],
    [400, 'QLIK_REFUSED', false],
    [500, 'QLIK_UNAVAILABLE', true],
  ])('on %i says %s', async (status, code, outcomeUnknown) => {
    qlik.answer = (_request, response) => json(response, status, envelope(`HTTP-${status}`));
    expect(await caught(qlik.secrets.create(host, 'c1'))).toMatchObject({ code, outcomeUnknown });
  });

  it('does not know what happened when the 201 has no hint', async () => {
    qlik.answer = (_request, response) => json(response, 201, { clientSecret: 'shown-once-5a5b5c' });
    expect(await caught(qlik.secrets.create(host, 'c1'))).toMatchObject({
      code: 'QLIK_UNREADABLE',
      outcomeUnknown: true,
    });
  });

  it('deletes by hint', async () => {
    qlik.answer = (_request, response) => response.writeHead(204).end();
    expect(await qlik.secrets.delete(host, 'c1', 'a/b')).toBe('deleted');
    expect(qlik.apiCalls).toMatchObject([{ method: 'DELETE', url: '/api/v1/oauth-clients/c1/client-secrets/a%2Fb' }]);
  });

  it('takes 404 for done only while the client itself is there', async () => {
    const shown = { clientId: 'c1', clientName: 'ours', appType: 'web', createdAt: '2026-11-22T10:00:00Z' };
    qlik.answer = ({ method }, response) =>
      method === 'DELETE' ? json(response, 404, {}) : json(response, 200, shown);
    expect(await qlik.secrets.delete(host, 'c1', 'aaaaa')).toBe('absent');
    qlik.answer = (_request, response) => json(response, 404, {});
    expect(await caught(qlik.secrets.delete(host, 'c1', 'aaaaa'))).toMatchObject({ code: 'CLIENT_NOT_FOUND' });
    qlik.answer = ({ method }, response) => json(response, method === 'DELETE' ? 404 : 503, {});
    expect(await caught(qlik.secrets.delete(host, 'c1', 'aaaaa'))).toMatchObject({ code: 'QLIK_UNAVAILABLE' });
  });
});
