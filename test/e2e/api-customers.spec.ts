import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { AcceptedCustomer, Customer, CustomerPage } from '../../apps/api/src/customers/customer.schema.js';
import type { SecretVersionPage } from '../../apps/api/src/secret-versions/secret-version.schema.js';
import { type Answer, type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

type Accepted = z.output<typeof AcceptedCustomer>;

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

const create = <Body = Accepted>(body: unknown, key: string, headers = {}): Promise<Answer<Body>> =>
  api.call<Body>('POST', '/v1/customers', { body, headers: { 'idempotency-key': key, ...headers } });

describe('POST /v1/customers', () => {
  it('accepts a customer: 202 with customer, run and its address', async () => {
    const body = newCustomer({
      metadata: { plan: 'gold', note: '' },
      redirectUris: ['https://app.example/cb', 'http://localhost:3000/cb'],
      allowedOrigins: ['https://app.example'],
      verificationUser: { field: 'subject', value: 'qlik|jane' },
      rotation: {
        intervalSeconds: 86_400,
        graceSeconds: 3_600,
        blackout: [{ from: '22:00', to: '06:00', days: ['sat', 'sun'] }],
        timeZone: 'Europe/Berlin',
        acknowledgement: 'call',
      },
    });
    const answer = await create(body, 'first', { 'x-request-id': 'my-request-1' });
    expect(answer).toMatchObject({
      status: 202,
      body: {
        customer: {
          ...{ ...body, state: 'onboarding', scopes: ['user_default'], readyAt: null },
          ...{ rotatesAt: null, clientId: null, currentSecret: null },
        },
        run: { plan: 'onboarding', state: 'queued', input: {}, steps: [], error: null, cancelRequested: false },
      },
    });
    const { customer, run } = answer.body;
    expect(answer.headers.get('location')).toBe(`/v1/runs/${run.id}`);
    expect(answer.headers.get('idempotency-replayed')).toBeNull();
    expect(answer.headers.get('x-request-id')).toBe('my-request-1');
    expect(customer.currentRunId).toBe(run.id);
    const row = await api.database.client.run.findUniqueOrThrow({ where: { id: run.id } });
    expect(row).toMatchObject({ requestId: 'my-request-1', customerId: customer.id });
    const read = await api.call<Customer>('GET', `/v1/customers/${customer.id}`);
    expect(read).toMatchObject({ status: 200, body: customer });
  });

  it('carries the trace of the caller into the run, and begins one otherwise', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const traced = await create(newCustomer(), 'traced', { traceparent });
    const untraced = await create(newCustomer(), 'untraced', { traceparent: 'nonsense' });
    const rowOf = (answer: Answer<Accepted>) =>
      api.database.client.run.findUniqueOrThrow({ where: { id: answer.body.run.id } });
    expect((await rowOf(traced)).traceparent).toBe(traceparent);
    expect((await rowOf(untraced)).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('answers 50 equal requests at once with one customer', async () => {
    const body = newCustomer();
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(body, 'at-once')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.body.customer.id)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.body.run.id)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
    expect(replayed).toHaveLength(49);
    expect(await api.database.client.customer.count({ where: { externalId: String(body.externalId) } })).toBe(1);
  });

  it('answers a later repetition with the same customer', async () => {
    const body = newCustomer();
    const first = await create(body, 'later');
    const again = await create({ ...body, scopes: ['user_default'] }, 'later');
    expect(again.status).toBe(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('refuses a reused key with 422', async () => {
    const body = newCustomer();
    await create(body, 'reused');
    expect(await create({ ...body, name: 'Other' }, 'reused')).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED', type: '/problems/idempotency-key-reused', status: 422 },
    });
  });

  it.each([
    ['externalId', 'EXTERNAL_ID_TAKEN'],
    ['tenantHost', 'TENANT_HOST_TAKEN'],
  ])('refuses a taken %s with 409, naming the customer', async (field, code) => {
    const body = newCustomer();
    const { customer } = (await create(body, `holder-${field}`)).body;
    const answer = await create(newCustomer({ [field]: body[field] }), `taker-${field}`);
    expect(answer).toMatchObject({
      status: 409,
      body: { code, customerId: customer.id, errors: [{ pointer: `/${field}` }] },
    });
  });
});

describe('bad input to POST /v1/customers', () => {
  const rows = async () => {
    const { customer, run, idempotencyKey } = api.database.client;
    return Promise.all([customer.count(), run.count(), idempotencyKey.count()]);
  };

  function expectRefused(answer: Answer<unknown>, status: number, code: string, pointer?: string): void {
    expect(answer).toMatchObject({ status, body: { status, code, instance: '/v1/customers' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toHaveProperty('detail');
    if (pointer !== undefined) expect(answer.body).toHaveProperty('errors.0.pointer', pointer);
  }

  const hosts = {
    'a URL': 'https://acme.eu.qlikcloud.com',
    'a path': 'acme.eu.qlikcloud.com/x',
    'a port': 'acme.eu.qlikcloud.com:443',
    'an IP address': '10.0.0.1',
    'an IPv6 address': '[::1]',
    'a trailing dot': 'acme.eu.qlikcloud.com.',
    'upper case': 'Acme.eu.qlikcloud.com',
    'look-alike letters': 'аcme.eu.qlikcloud.com',
    'a register host': 'register.eu.qlikcloud.com',
    'the console': 'console.eu.qlikcloud.com',
    'a host outside the allow-list': 'acme.eu.example.com',
    'an empty label': 'acme..qlikcloud.com',
    'a user': 'a@acme.eu.qlikcloud.com',
  };
  it.each(Object.entries(hosts))('refuses %s as host', async (_, tenantHost) => {
    const before = await rows();
    expectRefused(await create(newCustomer({ tenantHost }), 'host'), 400, 'TENANT_HOST_INVALID', '/tenantHost');
    expect(await rows()).toEqual(before);
  });

  const bodies: Record<string, [string, Record<string, unknown>]> = {
    'a host over its maximum': ['/tenantHost', { tenantHost: `${'a'.repeat(254)}.com` }],
    'an empty host': ['/tenantHost', { tenantHost: '' }],
    'a missing externalId': ['/externalId', { externalId: undefined }],
    'an externalId over its maximum': ['/externalId', { externalId: 'x'.repeat(201) }],
    'an externalId with a space': ['/externalId', { externalId: 'a b' }],
    'a name over its maximum': ['/name', { name: 'x'.repeat(201) }],
    'a blank name': ['/name', { name: '  ' }],
    'a name that shows nothing': ['/name', { name: '\u200b\u200d' }],
    'a name that turns the writing around': ['/name', { name: 'Acme \u202egnp.exe' }],
    'a name of the wrong type': ['/name', { name: 5 }],
    'NUL in the name': ['/name', { name: 'a\u0000b' }],
    'a control character in the name': ['/name', { name: 'a\nb' }],
    'a lone surrogate in the name': ['/name', { name: 'a\ud800b' }],
    'more than five redirect URIs': [
      '/redirectUris',
      { redirectUris: [1, 2, 3, 4, 5, 6].map((n) => `https://app.example/${n}`) },
    ],
    'a repeated redirect URI': ['/redirectUris', { redirectUris: ['https://app.example/', 'https://app.example/'] }],
    'a repeated origin': ['/allowedOrigins', { allowedOrigins: ['https://app.example', 'https://app.example'] }],
    'a repeated scope': ['/scopes', { scopes: ['user_default', 'user_default'] }],
    'an http redirect URI': ['/redirectUris/0', { redirectUris: ['http://app.example/'] }],
    'a long redirect URI': [
      '/redirectUris/1',
      { redirectUris: ['https://a.example', `https://a.example/${'x'.repeat(256)}`] },
    ],
    'an origin with a path': ['/allowedOrigins/0', { allowedOrigins: ['https://app.example/'] }],
    'too many scopes': ['/scopes', { scopes: Array(51).fill('user_default') }],
    'no scope': ['/scopes', { scopes: [] }],
    'an unknown field': ['/colour', { colour: 'red' }],
    'an unknown field with a slash': ['/a~1b', { 'a/b': 1 }],
    'an unknown nested field': ['/verificationUser/x', { verificationUser: { field: 'userId', value: 'u', x: 1 } }],
    'an unknown kind of user': ['/verificationUser/field', { verificationUser: { field: 'email', value: 'u' } }],
    'too much metadata': [
      '/metadata',
      { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, ''])) },
    ],
    'a long metadata name': [`/metadata/${'k'.repeat(41)}`, { metadata: { ['k'.repeat(41)]: 'v' } }],
    'a long metadata value': ['/metadata/k', { metadata: { k: 'v'.repeat(501) } }],
    'metadata of the wrong type': ['/metadata/k', { metadata: { k: 1 } }],
    'a bad time of day': [
      '/rotation/blackout/0/from',
      { rotation: { blackout: [{ from: '25:00', to: '06:00', days: ['mon'] }] } },
    ],
    'a bad time zone': ['/rotation/timeZone', { rotation: { timeZone: 'Mars/Olympus' } }],
    'a fraction of a second': ['/rotation/graceSeconds', { rotation: { graceSeconds: 1.5 } }],
  };
  it.each(Object.entries(bodies))('refuses %s', async (_, [pointer, changes]) => {
    const before = await rows();
    expectRefused(await create(newCustomer(changes), 'body'), 400, 'REQUEST_INVALID', pointer);
    expect(await rows()).toEqual(before);
  });

  const texts: Record<string, string> = {
    'broken JSON': '{"externalId":',
    'an empty body': '',
    __proto__: '{"__proto__": {"admin": true}, "externalId": "a"}',
    '__proto__ in metadata': '{"externalId": "a", "metadata": {"__proto__": "x"}}',
    'constructor.prototype': '{"constructor": {"prototype": {"admin": true}}}',
  };
  it.each(Object.entries(texts))('refuses %s', async (_, text) => {
    expectRefused(await create(text, 'text'), 400, 'BODY_NOT_JSON');
  });

  it.each(['null', '[]', '"text"', '5'])('refuses the JSON %s', async (text) => {
    expectRefused(await create(text, 'json'), 400, 'REQUEST_INVALID', '');
  });

  it('refuses a body over the limit', async () => {
    const answer = await create(newCustomer({ name: 'x'.repeat(70_000) }), 'large');
    expectRefused(answer, 413, 'BODY_TOO_LARGE');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'])(
    'refuses a body of type %s',
    async (type) => {
      const answer = await create(newCustomer(), 'type', { 'content-type': type });
      expectRefused(answer, 415, 'MEDIA_TYPE_UNSUPPORTED');
    },
  );

  it('asks for an Idempotency-Key', async () => {
    expectRefused(await api.call('POST', '/v1/customers', { body: newCustomer() }), 400, 'IDEMPOTENCY_KEY_REQUIRED');
  });

  it.each(['a b', 'x'.repeat(256), 'é'])('refuses the Idempotency-Key %j', async (key) => {
    expectRefused(await create(newCustomer(), key), 400, 'REQUEST_INVALID', '/idempotency-key');
  });

  it('tells at most 20 mistakes', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x${i}`, 1]));
    const answer = await create<{ errors: unknown[] }>({ ...newCustomer(), ...many }, 'many');
    expect(answer.body.errors).toHaveLength(20);
  });
});

describe('GET /v1/customers', () => {
  it('pages, and filters', async () => {
    const body = newCustomer({ name: 'Needle in a haystack' });
    const { customer } = (await create(body, 'needle')).body;
    const first = await api.call<z.output<typeof CustomerPage>>('GET', '/v1/customers?limit=1');
    expect(first).toMatchObject({ status: 200, body: { customers: [{ id: customer.id }], nextCursor: customer.id } });
    const second = await api.call<z.output<typeof CustomerPage>>('GET', `/v1/customers?limit=1&cursor=${customer.id}`);
    expect(second.body.customers[0]?.id).not.toBe(customer.id);
    for (const query of [
      `externalId=${String(body.externalId)}`,
      'q=needle',
      `tenantHost=${String(body.tenantHost)}&state=onboarding`,
    ]) {
      const found = await api.call<z.output<typeof CustomerPage>>('GET', `/v1/customers?${query}`);
      expect(found.body.customers.map(({ id }) => id)).toEqual([customer.id]);
    }
  });

  it.each([
    ['/limit', 'limit=0'],
    ['/limit', 'limit=101'],
    ['/limit', 'limit=x'],
    ['/state', 'state=lost'],
    ['/state', 'state=ready&state=failed'],
    ['/cursor', 'cursor=x'],
    ['/colour', 'colour=red'],
    ['/q', 'q=%00'],
  ])('refuses %s in ?%s', async (pointer, query) => {
    expect(await api.call('GET', `/v1/customers?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer }] },
    });
  });

  it.each(['x', '%00', '0195b1c0-0000-7000-8000-000000000000', 'x'.repeat(150)])(
    'answers 404 for the id %s',
    async (id) => {
      expect(await api.call('GET', `/v1/customers/${id}`)).toMatchObject({
        status: 404,
        body: { code: 'CUSTOMER_NOT_FOUND' },
      });
    },
  );
});

describe('the secrets of a customer', () => {
  const at = (day: number) => new Date(Date.UTC(2027, 0, day));

  /** A customer that is ready, with versions up to this one: the last is current, the one before previous, the others revoked. */
  async function makeCustomer(newest: number): Promise<string> {
    const { client } = api.database;
    const { customer, run } = (await create(newCustomer(), uuidv7())).body;
    const { id: customerId, tenantHost } = customer;
    const [oauthClientId, dataKeyId] = [uuidv7(), uuidv7()];
    const owned = { customerId, tenantHost, createdByRun: run.id };
    await client.oAuthClient.create({ data: { id: oauthClientId, clientId: customerId, clientName: 'c', ...owned } });
    await client.dataKey.create({
      data: { id: dataKeyId, owner: 'customer', ownerId: customerId, keyEncryptionKeyId: 'k', wrapped: 'w' },
    });
    for (let version = 1; version <= newest; version += 1) {
      const [isCurrent, isRevoked] = [version === newest, version < newest - 1];
      await client.secretVersion.create({
        data: {
          ...{ id: uuidv7(), customerId, oauthClientId, dataKeyId, version, hint: 'abcde', createdBy: 'a-user' },
          ...{ createdAt: at(version), promotedAt: at(version), firstReadAt: at(version + 1) },
          sealed: isRevoked ? null : 'v1.sealed',
          state: isCurrent ? 'current' : isRevoked ? 'revoked' : 'previous',
          acknowledgedAt: isCurrent ? null : at(version + 2),
          retiredAt: isRevoked ? at(version + 3) : null,
          revokedAt: isRevoked ? at(version + 4) : null,
        },
      });
    }
    await client.customer.update({ where: { id: customerId }, data: { state: 'ready', nextRotationAt: at(60) } });
    return customerId;
  }

  it('are told of with each customer: how old the current one is, and when it is replaced', async () => {
    const [one, two] = [await makeCustomer(1), await makeCustomer(3)];
    const { body } = await api.call<z.output<typeof CustomerPage>>('GET', '/v1/customers?limit=2');
    expect(body.customers).toMatchObject([
      {
        id: two,
        clientId: two,
        rotatesAt: at(60).toISOString(),
        currentSecret: { version: 3, activeSince: at(3).toISOString() },
      },
      {
        id: one,
        clientId: one,
        rotatesAt: at(60).toISOString(),
        currentSecret: { version: 1, activeSince: at(1).toISOString() },
      },
    ]);
    expect((await api.call('GET', `/v1/customers/${two}`)).body).toEqual(body.customers[0]);
  });

  it('are listed by version, newest first, and nothing of a secret with them', async () => {
    const customerId = await makeCustomer(4);
    const list = (query: string) =>
      api.call<z.output<typeof SecretVersionPage>>('GET', `/v1/customers/${customerId}/secret-versions${query}`);
    const whole = await list('');
    expect(whole.body.nextCursor).toBeUndefined();
    expect(whole.body.secretVersions.map(({ version, state }) => [version, state])).toEqual([
      [4, 'current'],
      [3, 'previous'],
      [2, 'revoked'],
      [1, 'revoked'],
    ]);
    expect(whole.body.secretVersions[2]).toEqual({
      ...{ version: 2, state: 'revoked', createdAt: at(2).toISOString(), promotedAt: at(2).toISOString() },
      ...{ firstReadAt: at(3).toISOString(), acknowledgedAt: at(4).toISOString() },
      ...{ retiredAt: at(5).toISOString(), revokedAt: at(6).toISOString() },
    });
    const first = await list('?limit=3');
    const second = await list(`?limit=3&cursor=${first.body.nextCursor}`);
    expect([...first.body.secretVersions, ...second.body.secretVersions]).toEqual(whole.body.secretVersions);
    expect(second.body.nextCursor).toBeUndefined();
  });

  it.each([
    ['/cursor', 'cursor=x'],
    ['/cursor', 'cursor=0'],
    ['/cursor', 'cursor=3000000000'],
    ['/limit', 'limit=101'],
    ['/state', 'state=current'],
  ])('refuses %s in ?%s', async (pointer, query) => {
    const customerId = await makeCustomer(1);
    expect(await api.call('GET', `/v1/customers/${customerId}/secret-versions?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer }] },
    });
  });

  it('answer 404 where there is no customer, and ask for customers:read', async () => {
    const path = '/v1/customers/0195b1c0-0000-7000-8000-000000000000/secret-versions';
    expect(await api.call('GET', path)).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
    const { key } = await api.makeKey(['secrets:read']);
    expect(await api.call('GET', path, { key })).toMatchObject({ status: 403, body: { scope: 'customers:read' } });
  });
});
