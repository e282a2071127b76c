import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { makeApiKey } from '../api-key.js';
import { Stack } from '../stack.js';
import {
  askToken,
  claimsOf,
  hostOf,
  type ReadyOptions,
  readyWithUsers,
  type TokenAnswer,
  userOf,
} from './tokens-under-test.js';

describe('POST /v1/customers/{id}/tokens', () => {
  let stack: Stack;
  let logged = '';

  beforeAll(async () => {
    stack = await Stack.start({
      env: { QLIK_TIMEOUT_SECONDS: '5', RUN_LEASE_SECONDS: '10' },
      log: { write: (line) => void (logged += line) },
    });
  });

  afterAll(() => stack.close());

  const ready = (name: string, options?: ReadyOptions): Promise<string> => readyWithUsers(stack, name, options);

  const ask = (customerId: string, body: object): Promise<TokenAnswer> =>
    askToken(stack, stack.api.url, customerId, body);

  const askFor = (customerId: string, number = 0): Promise<TokenAnswer> =>
    ask(customerId, { user: { field: 'userId', value: userOf(number).id } });

  const minted = async (name: string): Promise<number> => (await stack.state(name)).tokensMinted;

  const auditOf = async (customerId: string): Promise<any[]> => {
    const { body } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&action=token.minted&limit=100`);
    return body.events.filter(({ actor }: any) => actor.startsWith('api-key:'));
  };

  const given = async (source: 'cache' | 'qlik'): Promise<number> => {
    const { body } = await request(new URL('/metrics', stack.api.url));
    const line = (await body.text()).split('\n').find((one) => one.includes(`source="${source}"`));
    return Number(line?.split(' ').at(-1) ?? 0);
  };

  it('gives a token of that tenant, in the name of that user', async () => {
    const customerId = await ready('acme', { users: 2 });
    const answer = await askFor(customerId, 1);
    expect(answer).toMatchObject({
      status: 200,
      body: { tokenType: 'Bearer', scope: 'user_default', expiresAt: expect.any(String) },
    });
    expect(Object.keys(answer.body).sort()).toEqual(
      ['accessToken', 'expiresAt', 'expiresInSeconds', 'scope', 'tokenType'].sort(),
    );
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(claimsOf(answer)).toMatchObject({
      host: hostOf('acme'),
      sub: userOf(1).id,
      kind: 'user',
      scope: 'user_default',
    });
    expect(answer.body.expiresInSeconds).toBeGreaterThan(21_000);
    expect(answer.body.expiresInSeconds).toBeLessThanOrEqual(21_600);
    const toExpiryMs = Date.parse(answer.body.expiresAt) - Date.now();
    expect(Math.abs(toExpiryMs - answer.body.expiresInSeconds * 1000)).toBeLessThan(10_000);
  });

  it('finds the user by subject too', async () => {
    const customerId = await ready('by-subject', { users: 3 });
    const answer = await ask(customerId, { user: { field: 'subject', value: userOf(2).subject } });
    expect(claimsOf(answer)).toMatchObject({ sub: userOf(2).id });
  });

  it('gives the same token again, and records only that it was minted: by whom, not for whom', async () => {
    const customerId = await ready('again');
    const [before, cached] = [await minted('again'), await given('cache')];
    const first = await askFor(customerId);
    const second = await askFor(customerId);
    expect(second.body.accessToken).toBe(first.body.accessToken);
    expect([await minted('again'), await given('cache')]).toEqual([before + 1, cached + 1]);
    const events = await auditOf(customerId);
    expect(events).toMatchObject([
      {
        chain: customerId,
        subject: { customerId, oauthClientId: expect.any(String), secretVersionId: expect.any(String) },
        data: { version: 1, grants: 'user-impersonation', userField: 'userId' },
        requestId: first.headers['x-request-id'],
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(userOf(0).id);
  });

  it('asks Qlik once for many at the same time', async () => {
    const customerId = await ready('crowd');
    const before = await minted('crowd');
    await stack.fault({ tenantHost: hostOf('crowd'), operation: 'token', kind: 'delay', delayMs: 100, times: 1 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => askFor(customerId)));
    expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(1);
    expect(await minted('crowd')).toBe(before + 1);
    expect(await auditOf(customerId)).toHaveLength(1);
  });

  it('lets many different users of one tenant come at the same time', async () => {
    const customerId = await ready('morning', { users: 60 });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, number) => askFor(customerId, number)));
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
    expect(answers.map((answer) => claimsOf(answer).sub)).toEqual(answers.map((_, number) => userOf(number).id));
  });

  it('gives the scopes asked for, in any order, and none that the customer does not have', async () => {
    const customerId = await ready('scoped', { scopes: ['user_default', 'apps:read', 'spaces:read'] });
    const user = { field: 'userId', value: userOf(0).id };
    const one = await ask(customerId, { user, scope: 'apps:read' });
    expect([one.body.scope, claimsOf(one).scope]).toEqual(['apps:read', 'apps:read']);
    const two = await ask(customerId, { user, scope: 'spaces:read apps:read' });
    const same = await ask(customerId, { user, scope: 'apps:read spaces:read apps:read' });
    expect(same.body.accessToken).toBe(two.body.accessToken);
    expect(claimsOf(two).scope.split(' ').sort()).toEqual(['apps:read', 'spaces:read']);
    const all = await ask(customerId, { user });
    expect(claimsOf(all).scope).toBe('user_default apps:read spaces:read');

    const before = await minted('scoped');
    expect(await ask(customerId, { user, scope: 'user_default admin_classic' })).toMatchObject({
      status: 422,
      body: { code: 'SCOPE_NOT_ALLOWED', detail: expect.stringContaining('"admin_classic"') },
    });
    expect(await minted('scoped')).toBe(before);
  });

  it.each([400, 401, 403, 404])(
    'says in Qlik’s words that there is no such user (%i), and asks again the next time',
    async (status) => {
      const name = `nobody-${status}`;
      const customerId = await ready(name, { unknowns: { userNotFoundStatus: status } });
      const user = { field: 'subject', value: 'idp|1' };
      const answer = await ask(customerId, { user });
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'USER_NOT_FOUND', qlik: { status, code: `HTTP-${status}`, title: 'User not found' } },
      });
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.body.detail).not.toMatch(/idp|run/);
      await stack.sandboxCall('PUT', `/tenants/${hostOf(name)}`, { users: [userOf(0), userOf(1)] });
      expect(claimsOf(await ask(customerId, { user }))).toMatchObject({ sub: userOf(1).id });
      // A 401 may mean the secret, a 404 the tenant: the secret alone was tried, which is a token of its own.
      expect((await auditOf(customerId)).map(({ data }) => data.grants).sort()).toEqual(
        [401, 404].includes(status) ? ['client_credentials', 'user-impersonation'] : ['user-impersonation'],
      );
    },
  );

  it.each([
    ['disabled', { settings: { disabled: true } }, 502, 'TENANT_DISABLED'],
    ['gone', { settings: { gone: true } }, 502, 'TENANT_NOT_FOUND'],
    ['broken', { fault: { kind: 'status', status: 500 } }, 502, 'QLIK_UNAVAILABLE'],
    ['resetting', { fault: { kind: 'reset-before' } }, 502, 'QLIK_UNREACHABLE'],
    ['garbled', { fault: { kind: 'status', status: 200, body: { access_token: 7 } } }, 502, 'QLIK_UNREADABLE'],
    [
      'moved',
      { fault: { kind: 'status', status: 302, headers: { location: 'https://x.example' } } },
      502,
      'QLIK_UNREADABLE',
    ],
    ['silent', { fault: { kind: 'hang' } }, 504, 'QLIK_TIMEOUT'],
  ] as [string, { settings?: object; fault?: object }, number, string][])(
    'answers for a tenant that is %s, and remembers no error',
    async (name, { settings, fault }, status, code) => {
      const customerId = await ready(name);
      const users = [userOf(0)];
      if (settings !== undefined) await stack.sandboxCall('PUT', `/tenants/${hostOf(name)}`, { users, ...settings });
      if (fault !== undefined) await stack.fault({ tenantHost: hostOf(name), operation: 'token', times: 1, ...fault });
      const answer = await askFor(customerId);
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
      expect(answer.headers['content-type']).toBe('application/problem+json');
      if (settings !== undefined) await stack.sandboxCall('PUT', `/tenants/${hostOf(name)}`, { users });
      expect((await askFor(customerId)).status).toBe(200);
      expect(await auditOf(customerId)).toHaveLength(1);
    },
  );

  it('waits out a 429 of Qlik’s, says for how long, and does not ask Qlik meanwhile', async () => {
    const customerId = await ready('limited');
    await stack.fault({
      tenantHost: hostOf('limited'),
      operation: 'token',
      kind: 'rate-limit',
      retryAfter: 1,
      times: 1,
    });
    const limited = await askFor(customerId);
    expect(limited).toMatchObject({ status: 503, body: { code: 'QLIK_RATE_LIMITED', qlik: { status: 429 } } });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const requests = async () => (await stack.state('limited')).requests.token;
    const before = await requests();
    const held = await askFor(customerId);
    expect(held).toMatchObject({ status: 503, body: { code: 'QLIK_RATE_LIMITED' } });
    expect(held.headers['retry-after']).toBe('1');
    expect(await requests()).toBe(before);
  });

  it('leaves a tenant alone that fails again and again', async () => {
    const customerId = await ready('failing');
    await stack.fault({ tenantHost: hostOf('failing'), operation: 'token', kind: 'status', status: 503 });
    const codes = [];
    for (let tries = 0; tries < 6; tries += 1) codes.push((await askFor(customerId)).body.code);
    expect(codes).toEqual([...Array(5).fill('QLIK_UNAVAILABLE'), 'TENANT_CIRCUIT_OPEN']);
    const { status, headers } = await askFor(customerId);
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
  });

  it('knows customers that are not ready, gone, or none', async () => {
    const user = { field: 'userId', value: 'u' };
    await stack.fault({ tenantHost: hostOf('unready'), kind: 'status', status: 500 });
    const { customerId: onboarding } = await stack.onboard('unready');
    expect(await ask(onboarding, { user })).toMatchObject({
      status: 409,
      body: { code: 'CUSTOMER_NOT_READY', state: 'onboarding' },
    });
    const gone = await ready('offboarded');
    expect((await askFor(gone)).status).toBe(200);
    await stack.test.database.sql.$executeRaw`UPDATE customers SET state = 'offboarded' WHERE id = ${gone}::uuid`;
    expect(await untilRefused(() => askFor(gone))).toMatchObject({
      status: 410,
      body: { code: 'CUSTOMER_OFFBOARDED' },
    });
    const nowhere = '0195b1c0-0000-7000-8000-000000000000';
    for (const id of [nowhere, 'no-id']) {
      expect(await ask(id, { user })).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
    }
  });

  it.each<[string, object, string]>([
    ['no user', {}, '/user'],
    ['another field', { user: { field: 'email', value: 'x' } }, '/user/field'],
    ['an empty value', { user: { field: 'userId', value: '' } }, '/user/value'],
    ['a long value', { user: { field: 'userId', value: 'x'.repeat(257) } }, '/user/value'],
    ['a line break', { user: { field: 'userId', value: 'a\nb' } }, '/user/value'],
    ['an unknown member', { user: { field: 'userId', value: 'x', secret: 1 } }, '/user/secret'],
    ['a scope that is no scope', { user: { field: 'userId', value: 'x' }, scope: 'a  b' }, '/scope'],
    ['a long scope', { user: { field: 'userId', value: 'x' }, scope: 'x'.repeat(2001) }, '/scope'],
  ])('refuses %s', async (_what, body, pointer) => {
    const answer = await ask('0195b1c0-0000-7000-8000-000000000000', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(answer.body.errors.map((error: any) => error.pointer)).toContain(pointer);
  });

  it('asks for tokens:write', async () => {
    const customerId = await ready('guarded');
    const { status, body } = await stack.call('POST', `/v1/customers/${customerId}/tokens`, {
      headers: {
        authorization: `Bearer ${await makeApiKey(stack.test.database, ['customers:write', 'secrets:read'])}`,
      },
      body: { user: { field: 'userId', value: userOf(0).id } },
    });
    expect({ status, body }).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', scope: 'tokens:write' } });
    expect(await auditOf(customerId)).toEqual([]);
  });

  it('mixes up neither customers nor users nor scopes, however they come', async () => {
    const names = Array.from({ length: 5 }, (_, index) => `mixed-${index}`);
    const scopes = [undefined, 'user_default', 'apps:read'];
    const customers = await Promise.all(
      names.map((name) => ready(name, { users: 4, scopes: ['user_default', 'apps:read'] })),
    );
    const wanted = Array.from({ length: 900 }, () => ({
      customer: Math.floor(Math.random() * names.length),
      user: Math.floor(Math.random() * 4),
      scope: scopes[Math.floor(Math.random() * scopes.length)],
      field: Math.random() < 0.5 ? ('userId' as const) : ('subject' as const),
    }));
    const lanes = Array.from({ length: 30 }, async (_, lane) => {
      for (const { customer, user, scope, field } of wanted.filter((_one, index) => index % 30 === lane)) {
        const value = field === 'userId' ? userOf(user).id : userOf(user).subject;
        const answer = await ask(customers[customer]!, {
          user: { field, value },
          ...(scope === undefined ? {} : { scope }),
        });
        expect(claimsOf(answer)).toMatchObject({
          host: hostOf(names[customer]!),
          sub: userOf(user).id,
          scope: scope ?? 'user_default apps:read',
        });
      }
    });
    await Promise.all(lanes);
    const mintedInAll = await Promise.all(customers.map(async (id) => (await auditOf(id)).length));
    // Each at most once: two ways to name a user and three scopes.
    for (const count of mintedInAll) expect(count).toBeLessThanOrEqual(4 * 2 * 3);
  });

  it('writes neither a token nor a secret nor a user into the log', () => {
    expect(logged).toContain('/v1/customers/:id/tokens');
    expect(logged).not.toMatch(/eyJ|idp\||client_secret":"(?!\[)/);
  });
});

/** The first answer that is no 200: what one process commits another hears a moment later. */
async function untilRefused(askOnce: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
  for (;;) {
    const answer = await askOnce();
    if (answer.status !== 200) return answer;
  }
}
