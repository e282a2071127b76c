import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Scope, scopes } from '@app/access';
import { type Answer, type ApiUnderTest, startApiUnderTest } from './api-under-test.js';

interface Created {
  id: string;
  key: string;
  name: string;
  scopes: Scope[];
  createdAt: string;
  expiresAt: string;
}
interface Listed extends Omit<Created, 'key'> {
  state: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

const DAY_SECONDS = 86_400;
const nowhere = '0195b1c0-0000-7000-8000-000000000000';

let api: ApiUnderTest;
let made = 0;

beforeAll(async () => {
  api = await startApiUnderTest();
});
afterAll(() => api.close());

const create = <Body = Created>(body: object = {}, key?: string) =>
  api.call<Body>('POST', '/v1/api-keys', {
    body: { name: `system ${++made}`, scopes: ['runs:read'], ...body },
    ...(key === undefined ? {} : { key }),
  });
const replace = <Body = Created & { replaces: { id: string; expiresAt: string } }>(
  id: string,
  body: object = {},
  key?: string,
) => api.call<Body>('POST', `/v1/api-keys/${id}/replacement`, { body, ...(key === undefined ? {} : { key }) });
const revoke = (id: string) => api.call('DELETE', `/v1/api-keys/${id}`);
const list = (query = '') => api.call<{ apiKeys: Listed[]; nextCursor?: string }>('GET', `/v1/api-keys${query}`);
const use = async (key: string): Promise<[number, string | undefined]> => {
  const { status, body } = await api.call('GET', '/v1/runs', { key });
  return [status, body.code];
};
const secondsFromNow = (time: string) => Math.round((Date.parse(time) - Date.now()) / 1000);
const events = async (action: string, keyId: string) => {
  const path = `/v1/audit-events?chain=system&action=${action}&limit=100`;
  const { body } = await api.call<{ events: { actor: string; subject: { apiKeyId?: string }; data: object }[] }>(
    'GET',
    path,
  );
  return body.events.filter(({ subject }) => subject.apiKeyId === keyId);
};

describe('making a key', () => {
  it('shows the key once, in an answer that is not kept', async () => {
    const created = await create({ name: 'crm', scopes: ['runs:read', 'customers:read'], expiresInSeconds: 3600 });
    const { id, key, ...rest } = created.body;
    expect(created.status).toBe(201);
    expect(created.headers.get('cache-control')).toBe('no-store');
    expect(key).toMatch(new RegExp(`^tp_${id}_[0-9A-Za-z]{49}$`));
    expect(rest).toEqual({
      name: 'crm',
      scopes: ['runs:read', 'customers:read'],
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
    });
    expect(Math.abs(secondsFromNow(rest.expiresAt) - 3600)).toBeLessThan(60);
    expect(await use(key)).toEqual([200, undefined]);
    const [listed, audit] = [await list('?limit=100'), await api.call('GET', '/v1/audit-events?chain=system')];
    for (const text of [JSON.stringify(listed.body), JSON.stringify(audit.body), api.logged()]) {
      expect(text).not.toContain(key.slice(-49));
    }
  });

  it('lets it end after 90 days, or when it is told', async () => {
    expect(Math.abs(secondsFromNow((await create()).body.expiresAt) - 90 * DAY_SECONDS)).toBeLessThan(60);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    expect((await create({ expiresAt })).body.expiresAt).toBe(expiresAt);
  });

  it.each<[string, object, string]>([
    ['two ends', { expiresAt: new Date().toISOString(), expiresInSeconds: 60 }, 'REQUEST_INVALID'],
    ['an end that has passed', { expiresAt: '2020-01-01T00:00:00Z' }, 'API_KEY_EXPIRY_INVALID'],
    ['an end beyond 366 days', { expiresAt: '2999-01-01T00:00:00Z' }, 'API_KEY_EXPIRY_INVALID'],
    ['a life beyond 366 days', { expiresInSeconds: 366 * DAY_SECONDS + 1 }, 'REQUEST_INVALID'],
    ['no life', { expiresInSeconds: 0 }, 'REQUEST_INVALID'],
    ['no scope', { scopes: [] }, 'REQUEST_INVALID'],
    ['an unknown scope', { scopes: ['runs:all'] }, 'REQUEST_INVALID'],
    ['a scope twice', { scopes: ['runs:read', 'runs:read'] }, 'REQUEST_INVALID'],
    ['no name', { name: '' }, 'REQUEST_INVALID'],
    ['a blank name', { name: ' ' }, 'REQUEST_INVALID'],
    ['a name that does not print', { name: 'a\u2066b' }, 'REQUEST_INVALID'],
    ['a long name', { name: 'x'.repeat(101) }, 'REQUEST_INVALID'],
    ['an unknown field', { secret: 'x' }, 'REQUEST_INVALID'],
  ])('is refused with %s', async (_what, body, code) => {
    const before = await api.database.client.apiKey.count();
    expect(await create(body)).toMatchObject({ status: 400, body: { code } });
    expect(await api.database.client.apiKey.count()).toBe(before);
  });

  it('cannot give a scope that its maker lacks; the try is audited', async () => {
    const { id, key } = await api.makeKey(['api-keys:write', 'runs:read']);
    expect((await create({ scopes: ['runs:read'] }, key)).status).toBe(201);
    const before = await api.database.client.apiKey.count();
    expect(await create({ scopes: ['runs:read', 'secrets:read'] }, key)).toMatchObject({
      status: 403,
      body: { code: 'SCOPE_NOT_HELD', scope: 'secrets:read' },
    });
    expect(await api.database.client.apiKey.count()).toBe(before);
    expect(await events('access.refused', id)).toMatchObject([
      { data: { code: 'SCOPE_NOT_HELD', scope: 'secrets:read', operation: 'POST /v1/api-keys' } },
    ]);
  });

  it('names who made it in the audit trail', async () => {
    const maker = await api.makeKey(['api-keys:write']);
    const { id } = (await create({ scopes: ['api-keys:write'] }, maker.key)).body;
    expect(await events('api_key.created', id)).toMatchObject([
      { actor: `api-key:${maker.id}`, data: { scopes: 'api-keys:write' } },
    ]);
  });

  it('makes two when it is asked twice, and no third of the same name, however many ask at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        create<Created & { code: string; olderKeyId: string; newerKeyId: string }>({ name: 'thrice' }),
      ),
    );
    const keys = answers.filter(({ status }) => status === 201).map(({ body }) => body.id);
    const refused = answers.filter(({ status }) => status === 409);
    expect([keys.length, refused.length]).toEqual([2, 8]);
    for (const { body } of refused) {
      expect(body.code).toBe('API_KEY_NAME_IN_USE');
      expect([body.olderKeyId, body.newerKeyId].sort()).toEqual([...keys].sort());
    }
    await revoke(keys[0]!);
    expect((await create({ name: 'thrice' })).status).toBe(201);
  });
});

describe('replacing a key', () => {
  it('makes a second one of the same name and scopes, and lets the first end after the overlap', async () => {
    const old = (await create({ scopes: ['runs:read', 'audit:read'] })).body;
    const replaced = await replace(old.id, { overlapSeconds: 3600 });
    expect(replaced.status).toBe(201);
    expect(replaced.headers.get('cache-control')).toBe('no-store');
    const { id, key, name, scopes: held, replaces } = replaced.body;
    expect([name, held, replaces.id]).toEqual([old.name, old.scopes, old.id]);
    expect(Math.abs(secondsFromNow(replaces.expiresAt) - 3600)).toBeLessThan(60);
    expect([await use(old.key), await use(key)]).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
    const listed = (await list('?limit=100')).body.apiKeys;
    expect(listed.find((one) => one.id === old.id)).toMatchObject({ state: 'active', expiresAt: replaces.expiresAt });
    expect(await events('api_key.replaced', old.id)).toMatchObject([
      { data: { replacedBy: id, expiresAt: replaces.expiresAt } },
    ]);
    expect(await events('api_key.created', id)).toMatchObject([{ data: { replaces: old.id } }]);
    expect((await revoke(old.id)).status).toBe(204);
    expect([await use(old.key), await use(key)]).toEqual([
      [401, 'API_KEY_REVOKED'],
      [200, undefined],
    ]);
  });

  it('overlaps by seven days unless told otherwise, and never makes the old key live longer', async () => {
    const long = (await create()).body;
    expect(Math.abs(secondsFromNow((await replace(long.id)).body.replaces.expiresAt) - 7 * DAY_SECONDS)).toBeLessThan(
      60,
    );
    const short = (await create({ expiresInSeconds: 3600 })).body;
    expect((await replace(short.id)).body.replaces.expiresAt).toBe(short.expiresAt);
  });

  it('ends the old key at once with no overlap', async () => {
    const old = (await create()).body;
    const { key } = (await replace(old.id, { overlapSeconds: 0 })).body;
    expect(await use(old.key)).toEqual([401, 'API_KEY_EXPIRED']);
    expect(await use(key)).toEqual([200, undefined]);
  });

  it('is refused while two are active, and names both', async () => {
    const old = (await create()).body;
    const { id } = (await replace(old.id)).body;
    for (const one of [old.id, id]) {
      expect(await replace(one)).toMatchObject({
        status: 409,
        body: { code: 'API_KEY_NAME_IN_USE', olderKeyId: old.id, newerKeyId: id },
      });
    }
  });

  it('is refused for a key that is over', async () => {
    const { id } = (await create()).body;
    await revoke(id);
    expect(await replace(id)).toMatchObject({ status: 409, body: { code: 'API_KEY_NOT_ACTIVE' } });
  });

  it('is no way to a scope that one lacks', async () => {
    const strong = (await create({ scopes: ['secrets:read'] })).body;
    const { id, key } = await api.makeKey(['api-keys:write', 'runs:read']);
    expect(await replace(strong.id, {}, key)).toMatchObject({
      status: 403,
      body: { code: 'SCOPE_NOT_HELD', scope: 'secrets:read' },
    });
    expect((await list('?limit=100')).body.apiKeys.filter(({ name }) => name === strong.name)).toHaveLength(1);
    expect(await events('access.refused', id)).toMatchObject([
      { data: { code: 'SCOPE_NOT_HELD', operation: 'POST /v1/api-keys/:id/replacement' } },
    ]);
  });

  it.each([{ overlapSeconds: 30 * DAY_SECONDS + 1 }, { overlapSeconds: -1 }, { name: 'other' }])(
    'is refused with %j',
    async (body) => {
      const { id } = (await create()).body;
      expect(await replace(id, body)).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    },
  );
});

describe('revoking a key', () => {
  it('refuses it from the next request on; twice does no harm', async () => {
    const { id, key } = (await create()).body;
    expect((await revoke(id)).status).toBe(204);
    expect(await use(key)).toEqual([401, 'API_KEY_REVOKED']);
    expect((await revoke(id)).status).toBe(204);
    expect(await events('api_key.revoked', id)).toHaveLength(1);
  });
});

describe('a key that does not exist', () => {
  it.each([nowhere, 'doesnotexist', 'tp_abcdefghijkl_secret'])('is not found: %s', async (id) => {
    const answers: Answer<unknown>[] = [await revoke(id), await replace(id)];
    for (const answer of answers) expect(answer).toMatchObject({ status: 404, body: { code: 'API_KEY_NOT_FOUND' } });
    expect(JSON.stringify(answers.map(({ body }) => (body as { detail: string }).detail))).not.toContain(id);
  });
});

describe('the list of keys', () => {
  it('pages through all of them, newest first', async () => {
    const found: Listed[] = [];
    for (let query = '?limit=5'; ;) {
      const { apiKeys, nextCursor } = (await list(query)).body;
      found.push(...apiKeys);
      if (nextCursor === undefined) break;
      query = `?limit=5&cursor=${nextCursor}`;
    }
    expect(new Set(found.map(({ id }) => id)).size).toBe(await api.database.client.apiKey.count());
    const times = found.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
    expect(new Set(found.map(({ state }) => state))).toEqual(new Set(['active', 'expired', 'revoked']));
  });

  it('says when each was last used', async () => {
    const { id, key } = (await create()).body;
    const lastUsedAt = async () => (await list()).body.apiKeys.find((one) => one.id === id)!.lastUsedAt;
    expect(await lastUsedAt()).toBeNull();
    await use(key);
    // The note is written behind the request.
    for (let noted = null; noted === null;) noted = await lastUsedAt();
    expect(Math.abs(secondsFromNow((await lastUsedAt())!))).toBeLessThan(120);
  });

  it.each(['?cursor=x', '?limit=0', '?limit=101', '?name=crm'])('refuses %s', async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  });
});

it('is a right of its own: every other scope together is not enough', async () => {
  const others = (Object.keys(scopes) as Scope[]).filter((scope) => scope !== 'api-keys:write');
  const { key } = await api.makeKey(others);
  expect(await create({}, key)).toMatchObject({ status: 403 });
});
