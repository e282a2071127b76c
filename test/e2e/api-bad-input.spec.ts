import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

const create = <Body>(body: unknown, key: string, headers = {}): Promise<Answer<Body>> =>
  api.call<Body>('POST', '/v1/customers', { body, headers: { 'idempotency-key': key, ...headers } });

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
