import { afterEach, describe, expect, it } from '@jest/globals';
import { type Answer, type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;

afterEach(() => api.close());

const start = async (env: NodeJS.ProcessEnv) => {
  api = await startApiUnderTest(env);
};
const get = (key?: string | null, headers: Record<string, string> = {}, path = '/v1/runs') =>
  api.call('GET', path, { headers, ...(key === undefined ? {} : { key }) });
const limitsOf = ({ headers }: Answer<unknown>) => [headers.get('ratelimit-policy'), headers.get('ratelimit')];

describe('a caller', () => {
  it('is told its limit with every reply, and refused with 429 beyond it, by itself', async () => {
    await start({ API_REQUESTS_PER_MINUTE: '4' });
    const { key } = await api.makeKey(['runs:read']);
    expect(limitsOf(await get(key))).toEqual(['"default";q=4;w=60', expect.stringMatching(/^"default";r=3;t=60$/)]);
    const forbidden = await get(key, {}, '/v1/customers');
    expect([forbidden.status, limitsOf(forbidden)[1]]).toEqual([403, expect.stringMatching(/^"default";r=2;t=\d+$/)]);
    const wrong = await get(key, {}, '/v1/runs?limit=0');
    expect([wrong.status, limitsOf(wrong)[1]]).toEqual([400, expect.stringMatching(/^"default";r=1;t=\d+$/)]);
    expect((await get(key)).status).toBe(200);
    const refused = await get(key);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED', status: 429 } });
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(limitsOf(refused)).toEqual(['"default";q=4;w=60', expect.stringMatching(/^"default";r=0;t=\d+$/)]);
    const retryAfter = Number(refused.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(limitsOf(refused)[1]).toContain(`;t=${retryAfter}`);
    expect((await get()).status).toBe(200);
  });

  it('over its limit leaves no trace but the answer', async () => {
    await start({ API_REQUESTS_PER_MINUTE: '1' });
    const { key } = await api.makeKey(['customers:write']);
    const post = () =>
      api.call('POST', '/v1/customers', { key, body: newCustomer(), headers: { 'idempotency-key': 'limited' } });
    expect((await post()).status).toBe(202);
    const before = await api.database.client.auditEvent.count();
    expect((await post()).status).toBe(429);
    expect(await api.database.client.customer.count()).toBe(1);
    expect(await api.database.client.auditEvent.count()).toBe(before);
  });

  it('has 1200 a minute, and an address 60 in vain, unless it is said otherwise; 0 is no limit', async () => {
    await start({ API_REQUESTS_PER_MINUTE: '', API_REFUSALS_PER_MINUTE: '' });
    expect(limitsOf(await get())[0]).toBe('"default";q=1200;w=60');
    expect(limitsOf(await get(null))[0]).toBe('"refused";q=60;w=60');
    await api.close();
    await start({ API_REQUESTS_PER_MINUTE: '0', API_REFUSALS_PER_MINUTE: '0' });
    expect(limitsOf(await get())).toEqual([null, null]);
    expect(limitsOf(await get(null))).toEqual([null, null]);
  });
});

describe('what is not of /v1', () => {
  it.each(['/livez', '/readyz', '/openapi.json', '/docs', '/problems/rate-limited'])(
    '%s has no limit',
    async (path) => {
      await start({ API_REQUESTS_PER_MINUTE: '1', API_REFUSALS_PER_MINUTE: '1' });
      for (const key of [undefined, undefined, null, null]) {
        const answer = await get(key, {}, path);
        expect([answer.status, limitsOf(answer)]).toEqual([200, [null, null]]);
      }
    },
  );
});

describe('an address', () => {
  it('that is refused too often is refused before its key is looked at; who was let in before goes on', async () => {
    await start({ API_REFUSALS_PER_MINUTE: '3' });
    const fresh = await api.makeKey(['runs:read']);
    expect((await get()).status).toBe(200);
    for (const [left, key] of [
      [2, null],
      [1, 'nonsense'],
      [0, 'tp_aaaaaaaaaaaa_x'],
    ] as const) {
      const answer = await get(key);
      expect([answer.status, limitsOf(answer)]).toEqual([
        401,
        ['"refused";q=3;w=60', expect.stringMatching(new RegExp(`^"refused";r=${left};t=\\d+$`))],
      ]);
    }
    for (const key of [null, 'nonsense', fresh.key]) {
      const answer = await get(key);
      expect(answer).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('www-authenticate')).toBeNull();
    }
    expect((await get()).status).toBe(200);
  });

  it('is not counted for what nobody was asked about, and is told its limit all the same', async () => {
    await start({ API_REFUSALS_PER_MINUTE: '2' });
    for (let n = 0; n < 4; n++) {
      const nowhere = await get(null, {}, '/v1/nowhere');
      expect([nowhere.status, limitsOf(nowhere)]).toEqual([404, ['"refused";q=2;w=60', '"refused";r=2;t=60']]);
    }
  });

  it('is that of the connection, whatever a stranger says', async () => {
    await start({ API_REFUSALS_PER_MINUTE: '1' });
    expect((await get(null, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(401);
    expect((await get(null, { 'x-forwarded-for': '192.0.2.2' })).status).toBe(429);
  });

  it('is that which a trusted proxy names', async () => {
    await start({ API_REFUSALS_PER_MINUTE: '1', TRUSTED_PROXIES: '127.0.0.0/8' });
    for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8:0:1::1', '2001:db8:0:2::1']) {
      expect([address, (await get(null, { 'x-forwarded-for': address })).status]).toEqual([address, 401]);
      expect([address, (await get(null, { 'x-forwarded-for': address })).status]).toEqual([address, 429]);
    }
    // The same machine with another address of its own.
    expect((await get(null, { 'x-forwarded-for': '2001:db8:0:1:ffff::9' })).status).toBe(429);
    // What the sender itself put before the proxy's word.
    expect((await get(null, { 'x-forwarded-for': '198.51.100.1, 192.0.2.1' })).status).toBe(429);
  });
});
