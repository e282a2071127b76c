import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { caught } from '../testing/caught.js';
import { envelope, host, json, LocalQlik } from '../testing/local-qlik.js';
import type { CallRecord } from './call.js';

describe('ParentCalls', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(() => qlik.close());

  it('makes a call again with a fresh token after a 401, a creation too', async () => {
    qlik.answer = ({ headers }, response) =>
      headers.authorization === `Bearer token-1-of-${host}`
        ? json(response, 401, envelope('HTTP-401'))
        : json(response, 201, { clientSecret: 'shown-once-5a5b5c', hint: 'aaaaa' });
    const calls: CallRecord[] = [];
    const minted = await qlik.secrets.create(host, 'c1', { onCall: (call) => calls.push(call) });
    expect(minted.hint).toBe('aaaaa');
    expect(calls.map(({ operation, status, outcome }) => [operation, status, outcome])).toEqual([
      ['token', 200, 'ok'],
      ['create-client-secret', 401, 'refused'],
      ['token', 200, 'ok'],
      ['create-client-secret', 201, 'ok'],
    ]);
  });

  it.each([
    ['HTTP-401', 'PARENT_REFUSED'],
    ['TENANT_DISABLED', 'TENANT_DISABLED'],
  ])('gives up at the second 401: %s is %s', async (qlikCode, code) => {
    qlik.answer = (_request, response) => json(response, 401, envelope(qlikCode));
    const error = await caught(qlik.clients.get(host, 'c1'));
    expect(error).toMatchObject({ code, failure: 'refused', qlik: { status: 401, code: qlikCode } });
    expect(qlik.apiCalls).toHaveLength(2);
    expect(qlik.tokenCalls).toHaveLength(2);
  });

  it('renews once when many calls meet the same stale token', async () => {
    qlik.answer = ({ headers }, response) =>
      headers.authorization === `Bearer token-1-of-${host}`
        ? json(response, 401, {})
        : json(response, 200, { consentMethod: 'trusted' });
    await qlik.parent.token(host);
    await Promise.all(Array.from({ length: 8 }, () => qlik.configs.get(host, 'c1')));
    expect(qlik.tokenCalls).toHaveLength(2);
  });

  it('does not repeat anything but a 401', async () => {
    for (const status of [400, 403, 408, 409, 429, 500, 503]) {
      const before = qlik.apiCalls.length;
      qlik.answer = (_request, response) => json(response, status, {});
      await caught(qlik.secrets.create(host, 'c1'));
      expect(qlik.apiCalls.length - before).toBe(1);
    }
  });
});
