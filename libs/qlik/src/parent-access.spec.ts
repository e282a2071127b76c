import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { caught } from '../testing/caught.js';
import { envelope, host, json, LocalQlik, otherHost, parentSecret } from '../testing/local-qlik.js';
import type { CallRecord } from './call.js';

describe('ParentAccess', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(() => qlik.close());

  it("asks the tenant's own token endpoint with the region's client", async () => {
    const token = await qlik.parent.token(host);
    expect(token.reveal()).toBe(`token-1-of-${host}`);
    expect(qlik.seen).toMatchObject([{ method: 'POST', url: '/oauth/token', host }]);
    expect(JSON.parse(qlik.seen[0]?.body ?? '')).toEqual({
      client_id: 'parent-eu',
      client_secret: parentSecret,
      grant_type: 'client_credentials',
    });
  });

  it('asks once however many want it at once, and not again while it is good', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => qlik.parent.token(host)));
    expect(new Set(tokens).size).toBe(1);
    expect(await qlik.parent.token(host)).toBe(tokens[0]);
    expect(qlik.tokenCalls).toHaveLength(1);
  });

  it("never gives one tenant's token for another", async () => {
    const [a, b] = await Promise.all([qlik.parent.token(host), qlik.parent.token(otherHost)]);
    expect(a.reveal()).toMatch(new RegExp(`-of-${host}$`));
    expect(b.reveal()).toMatch(new RegExp(`-of-${otherHost}$`));
    expect((await qlik.parent.token(host)).reveal()).toBe(a.reveal());
    expect((await qlik.parent.token(otherHost)).reveal()).toBe(b.reveal());
    expect(qlik.tokenCalls.map((call) => call.host).sort()).toEqual([host, otherHost]);
  });

  it('gets a new one a minute before the old one expires', async () => {
    const first = await qlik.parent.token(host);
    qlik.nowMs = (21600 - 60) * 1000 - 1;
    expect(await qlik.parent.token(host)).toBe(first);
    qlik.nowMs += 1;
    expect(await qlik.parent.token(host)).not.toBe(first);
    expect(qlik.tokenCalls).toHaveLength(2);
  });

  it('keeps a short-lived one for nine tenths of its life', async () => {
    qlik.token = (_request, response) => json(response, 200, { access_token: 'short', expires_in: 10 });
    const first = await qlik.parent.token(host);
    qlik.nowMs = 8_999;
    expect(await qlik.parent.token(host)).toBe(first);
    qlik.nowMs = 9_000;
    expect(await qlik.parent.token(host)).not.toBe(first);
  });

  it('forgets on request, but not a newer token than the one named', async () => {
    const old = await qlik.parent.token(host);
    qlik.parent.forget(host, old);
    const fresh = await qlik.parent.token(host);
    expect(fresh).not.toBe(old);
    qlik.parent.forget(host, old);
    expect(await qlik.parent.token(host)).toBe(fresh);
    qlik.parent.forget(host);
    expect(await qlik.parent.token(host)).not.toBe(fresh);
  });

  it('forgets a token that is still on its way', async () => {
    const held: (() => void)[] = [];
    const arrived = new Promise<void>((resolve) => {
      qlik.token = (_request, response) => {
        held.push(() => json(response, 200, { access_token: 'held', expires_in: 21600 }));
        resolve();
      };
    });
    const pending = qlik.parent.token(host);
    await arrived;
    qlik.parent.forget(host);
    held[0]?.();
    const old = await pending;
    qlik.token = (_request, response) => json(response, 200, { access_token: 'fresh', expires_in: 21600 });
    expect(await qlik.parent.token(host)).not.toBe(old);
  });

  it('tells everyone who waits of a failure and does not keep it', async () => {
    const good = qlik.token;
    qlik.token = (_request, response) => json(response, 429, envelope('HTTP-429'), { 'retry-after': '2' });
    const errors = await Promise.all([caught(qlik.parent.token(host)), caught(qlik.parent.token(host))]);
    expect(errors.map((error) => error.code)).toEqual(['QLIK_RATE_LIMITED', 'QLIK_RATE_LIMITED']);
    expect(errors[0]?.retryAfterMs).toBe(2_000);
    expect(qlik.tokenCalls).toHaveLength(1);
    qlik.token = good;
    await expect(qlik.parent.token(host)).resolves.toBeDefined();
  });

  it('lets one caller give up without taking the token from the others', async () => {
    const stop = new AbortController();
    const good = qlik.token;
    qlik.token = (request, response) => {
      stop.abort();
      good(request, response);
    };
    const first = caught(qlik.parent.token(host, { signal: stop.signal }));
    const second = qlik.parent.token(host);
    expect(await first).toMatchObject({ code: 'CALL_ABORTED', failure: 'aborted' });
    expect((await second).reveal()).toBe(`token-1-of-${host}`);
    expect(qlik.tokenCalls).toHaveLength(1);
  });

  it.each([
    [400, envelope('OAUTH-3'), 'PARENT_REFUSED'],
    [400, { error: 'invalid_client' }, 'PARENT_REFUSED'],
    [401, envelope('HTTP-401'), 'PARENT_REFUSED'],
    [403, envelope('OAUTH-14'), 'PARENT_REFUSED'],
    [401, envelope('TENANT_DISABLED'), 'TENANT_DISABLED'],
    [403, envelope('TENANT_DISABLED'), 'TENANT_DISABLED'],
    [404, {}, 'TENANT_NOT_FOUND'],
    [500, {}, 'QLIK_UNAVAILABLE'],
    [200, { token: 'x' }, 'QLIK_UNREADABLE'],
  ])('on %i %j says %s', async (status, body, code) => {
    qlik.token = (_request, response) => json(response, status, body);
    expect(await caught(qlik.parent.token(host))).toMatchObject({ code, operation: 'token', qlik: { status } });
  });

  describe('with stored parent clients', () => {
    const sent = () =>
      qlik.tokenCalls.map(({ body }) => JSON.parse(body) as { client_id: string; client_secret: string });
    /** Answers as a tenant that admits this secret alone. */
    const admitOnly = (secret: string) => {
      qlik.token = (request, response) =>
        (JSON.parse(request.body) as { client_secret: string }).client_secret === secret
          ? json(response, 200, { access_token: `token-${qlik.tokenCalls.length}`, expires_in: 21600 })
          : json(response, 401, envelope('HTTP-401'));
    };

    it('uses the stored one before what is configured, and notes it', async () => {
      await qlik.parent.token(host);
      expect([sent().at(-1)?.client_id, qlik.stored.used]).toEqual(['parent-eu', 0]);
      qlik.stored.store('eu', 'stored', 's1', 'v1');
      await qlik.stored.find('eu', { fresh: true });
      await qlik.parent.token(host);
      expect([sent().at(-1)?.client_id, qlik.stored.used]).toEqual(['stored', 1]);
      qlik.stored.present.delete('eu');
      await qlik.stored.find('eu', { fresh: true });
      await qlik.parent.token(host);
      expect(sent().at(-1)?.client_id).toBe('parent-eu');
    });

    it('drops the tokens of all tenants of the region when it is replaced, also under the same id', async () => {
      qlik.stored.store('eu', 'stored', 's1', 'v1');
      await qlik.stored.find('eu', { fresh: true });
      const old = [await qlik.parent.token(host), await qlik.parent.token(otherHost)];
      qlik.stored.store('eu', 'stored', 's2', 'v2');
      await qlik.stored.find('eu', { fresh: true });
      expect(await qlik.parent.token(host)).not.toBe(old[0]);
      expect(await qlik.parent.token(otherHost)).not.toBe(old[1]);
      expect(sent().map(({ client_secret }) => client_secret)).toEqual(['s1', 's1', 's2', 's2']);
    });

    it('looks again when it is refused, so that what was stored a moment ago is used at once', async () => {
      admitOnly('good');
      qlik.stored.store('eu', 'stored', 'good', 'v1');
      expect((await qlik.parent.token(host)).reveal()).toBe('token-2');
      expect(sent().map(({ client_secret }) => client_secret)).toEqual([parentSecret, 'good']);
    });

    it('is refused where what is stored is what was refused', async () => {
      admitOnly('another');
      qlik.stored.store('eu', 'stored', 'wrong', 'v1');
      await qlik.stored.find('eu', { fresh: true });
      expect(await caught(qlik.parent.token(host))).toMatchObject({ code: 'PARENT_REFUSED' });
      expect(sent().map(({ client_secret }) => client_secret)).toEqual(['wrong']);
    });

    it('finds at once what was stored for a region that had none', async () => {
      qlik.stored.store('us', 'stored-us', 's', 'v1');
      await qlik.parent.token('acme.us.qlikcloud.com');
      expect(sent().at(-1)?.client_id).toBe('stored-us');
    });
  });

  it('has no client for a region that is not configured', async () => {
    const calls: CallRecord[] = [];
    const error = await caught(qlik.parent.token('acme.us.qlikcloud.com', { onCall: (call) => calls.push(call) }));
    expect(error).toMatchObject({ code: 'PARENT_NOT_CONFIGURED', failure: 'not-configured' });
    expect([qlik.seen, calls]).toEqual([[], []]);
  });
});
