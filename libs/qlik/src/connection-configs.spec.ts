import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { caught } from '../testing/caught.js';
import { host, json, LocalQlik } from '../testing/local-qlik.js';

describe('ConnectionConfigsApi', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(() => qlik.close());

  it('reads the config', async () => {
    qlik.answer = (_request, response) =>
      json(response, 200, { status: 'approved', consentMethod: 'trusted', deletedByOwner: false });
    expect(await qlik.configs.get(host, 'c1')).toEqual({
      status: 'approved',
      consentMethod: 'trusted',
      deletedByOwner: false,
    });
    expect(qlik.apiCalls).toMatchObject([{ method: 'GET', url: '/api/v1/oauth-clients/c1/connection-configs/me' }]);
  });

  it('trusts', async () => {
    qlik.answer = (_request, response) => response.writeHead(204).end();
    await qlik.configs.trust(host, 'c1');
    expect(qlik.apiCalls).toMatchObject([{ method: 'PATCH', url: '/api/v1/oauth-clients/c1/connection-configs/me' }]);
    expect(JSON.parse(qlik.apiCalls[0]?.body ?? '')).toEqual([
      { op: 'replace', path: '/consentMethod', value: 'trusted' },
    ]);
  });

  it('says so where there is no such client', async () => {
    qlik.answer = (_request, response) => json(response, 404, {});
    expect(await caught(qlik.configs.get(host, 'c1'))).toMatchObject({ code: 'CLIENT_NOT_FOUND' });
    expect(await caught(qlik.configs.trust(host, 'c1'))).toMatchObject({ code: 'CLIENT_NOT_FOUND' });
  });

  it('is never unsure, since trusting twice does no harm', async () => {
    qlik.answer = (_request, response) => json(response, 500, {});
    const error = await caught(qlik.configs.trust(host, 'c1'));
    expect(error).toMatchObject({ failure: 'unavailable', outcomeUnknown: false });
  });
});
