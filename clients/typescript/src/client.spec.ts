import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ClientOptions, createClient } from './client.js';
import { collectGarbage } from './testing/collect-garbage.js';
import { hangUp, problem, TestServer } from './testing/test-server.js';

const NEW_CUSTOMER = { externalId: '4711', name: 'Acme', tenantHost: 'acme.eu.qlikcloud.com' };
const ACCEPTED = { status: 202, body: { customer: { id: 'c' }, run: { id: 'r' } } };
const BUSY = problem(503, 'DATABASE_UNAVAILABLE');
const LIMITED = { ...problem(429, 'RATE_LIMITED'), headers: { 'retry-after': '0' } };

const QUICK = { backoffMs: 10 };

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.close());

const connect = (more: Partial<ClientOptions> = {}) =>
  createClient({ baseUrl: server.url, apiKey: 'tp_key', retry: QUICK, ...more } as ClientOptions);
const signUp = (client = connect(), more: object = {}) => client.POST('/v1/customers', { body: NEW_CUSTOMER, ...more });
const rotate = (client = connect()) =>
  client.POST('/v1/customers/{id}/rotations', { params: { path: { id: 'c' } }, body: { reason: 'a test' } });
const keysSent = () => server.seen.map(({ headers }) => headers['idempotency-key']);

describe('a call', () => {
  it('says who it is, where to and what', async () => {
    server.willAnswer(ACCEPTED);
    const { data } = await signUp(connect({ baseUrl: new URL(`${server.url}/`) }));
    expect(data).toMatchObject({ run: { id: 'r' } });
    expect(server.seen).toMatchObject([
      { method: 'POST', path: '/v1/customers', headers: { authorization: 'Bearer tp_key' } },
    ]);
    expect(JSON.parse(server.seen[0]!.body)).toEqual(NEW_CUSTOMER);
  });

  it('asks for a token each time where a function gives them', async () => {
    server.willAnswer({ status: 200, body: { customers: [] } });
    let asked = 0;
    const client = connect({ apiKey: undefined, token: () => Promise.resolve(`token-${++asked}`) } as never);
    await client.GET('/v1/customers');
    await client.GET('/v1/customers', { params: { query: { state: 'ready' } } });
    expect(server.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/v1/customers', 'Bearer token-1'],
      ['/v1/customers?state=ready', 'Bearer token-2'],
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['nothing but spaces', ' '],
    ['a line break', 'tp_key\n'],
  ])('is refused before it is made when the credential is %s, which is not repeated', async (_what, credential) => {
    const refusal = expect.objectContaining({ message: expect.not.stringContaining('tp_key') });
    expect(() => connect({ apiKey: credential as string })).toThrow(TypeError);
    expect(() => connect({ apiKey: credential as string })).toThrow(refusal);
    const client = connect({ apiKey: undefined, token: () => credential as string } as never);
    await expect(client.GET('/v1/customers')).rejects.toThrow(refusal);
  });

  it('takes the credential nowhere else', async () => {
    server.willAnswer({ status: 307, headers: { location: `${server.url}/elsewhere` } });
    const { response } = await signUp();
    expect([response.status, server.seen.length]).toEqual([307, 1]);
  });
});

describe('an Idempotency-Key', () => {
  it('is new for each call that takes one', async () => {
    server.willAnswer(ACCEPTED);
    const client = connect();
    await signUp(client);
    await signUp(client);
    const [first, second] = keysSent();
    expect(first).toMatch(/^[\x21-\x7e]{16,255}$/);
    expect(second).not.toBe(first);
  });

  it('is the one that the caller gives', async () => {
    server.willAnswer(ACCEPTED);
    await signUp(connect(), { params: { header: { 'Idempotency-Key': 'signup-4711' } } });
    expect(keysSent()).toEqual(['signup-4711']);
  });

  it('is not sent where none is taken', async () => {
    server.willAnswer({ status: 202, body: { id: 'r' } });
    await rotate();
    expect(keysSent()).toEqual([undefined]);
  });
});

describe('a call that may be repeated', () => {
  it.each([
    ['503', BUSY],
    ['502 of a proxy', { status: 502 }],
    ['429', LIMITED],
    ['closed connection', hangUp],
    ['answer that breaks off', brokenOff],
    ['call of its own that is still under way', problem(409, 'IDEMPOTENCY_IN_PROGRESS')],
  ])('is, after a %s, with the same key and body', async (_what, trouble) => {
    server.willAnswer(trouble, trouble, ACCEPTED);
    const { data } = await signUp();
    expect(data).toMatchObject({ run: { id: 'r' } });
    expect(server.seen).toHaveLength(3);
    expect(new Set(keysSent()).size).toBe(1);
    expect(new Set(server.seen.map(({ body }) => body))).toEqual(new Set([JSON.stringify(NEW_CUSTOMER)]));
  });

  it('is when there was no answer in time', async () => {
    server.willAnswer(() => void collectGarbage(), ACCEPTED);
    expect((await signUp(connect({ timeoutMs: 100 }))).response.status).toBe(202);
    server.willAnswer(() => undefined);
    const client = connect({ timeoutMs: 100, retry: { ...QUICK, maxTries: 2 } });
    await expect(signUp(client)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(server.seen).toHaveLength(2);
  });

  it('is four times at most unless it is told otherwise', async () => {
    server.willAnswer(LIMITED);
    expect(await signUp()).toMatchObject({ response: { status: 429 }, error: { code: 'RATE_LIMITED' } });
    expect(server.seen).toHaveLength(4);
    server.willAnswer(BUSY);
    await signUp(connect({ retry: { ...QUICK, maxTries: 2 } }));
    expect(server.seen).toHaveLength(2);
  });

  it('is not for longer than it may take', async () => {
    server.willAnswer({ ...LIMITED, headers: { 'retry-after': '61' } }, ACCEPTED);
    expect((await signUp()).response.status).toBe(429);
    server.willAnswer(BUSY, ACCEPTED);
    expect((await signUp(connect({ retry: { maxTotalMs: 100 } }))).response.status).toBe(503);
  });

  it('is not where that is turned off, for the client or for the call', async () => {
    server.willAnswer(BUSY);
    await signUp(connect({ retry: false }));
    expect(server.seen).toHaveLength(1);
    await signUp(connect(), { retry: false });
    expect(server.seen).toHaveLength(2);
    server.willAnswer(hangUp);
    await expect(signUp(connect({ retry: false }))).rejects.toMatchObject({ name: 'TypeError' });
    expect(server.seen).toHaveLength(1);
  });

  it('ends when the caller lets go of it', async () => {
    const caller = new AbortController();
    const reason = new Error('never mind');
    server.willAnswer((response) => {
      response.writeHead(503, { 'retry-after': '30' }).end(() => setImmediate(() => caller.abort(reason)));
    }, ACCEPTED);
    await expect(signUp(connect(), { signal: caller.signal })).rejects.toBe(reason);
    expect(server.seen).toHaveLength(1);
  });

  it('is one that only reads', async () => {
    server.willAnswer(hangUp, BUSY, { status: 200, body: { customers: [] } });
    expect((await connect().GET('/v1/customers')).data).toEqual({ customers: [] });
  });
});

describe('a call that the caller lets go of', () => {
  const reason = new Error('never mind');

  it('ends, though garbage was collected since it was sent', async () => {
    const caller = new AbortController();
    const sent = new Promise<void>((resolve) => server.willAnswer(() => resolve()));
    const ended = expect(signUp(connect(), { signal: caller.signal })).rejects.toBe(reason);
    await sent;
    await collectGarbage();
    caller.abort(reason);
    await ended;
  });

  it('ends while its answer is read, though garbage was collected since it began', async () => {
    const caller = new AbortController();
    server.willAnswer((response) => void response.writeHead(200, { 'content-type': 'text/plain' }).write('a'));
    const { data } = await connect().GET('/livez', { parseAs: 'stream', signal: caller.signal });
    const reader = data!.getReader();
    await reader.read();
    await collectGarbage();
    caller.abort(reason);
    await expect(reader.read()).rejects.toBe(reason);
  });
});

describe('a call that may not be repeated', () => {
  it('is not after an answer that tells not whether it was done', async () => {
    server.willAnswer(BUSY);
    expect((await rotate()).response.status).toBe(503);
    expect(server.seen).toHaveLength(1);
    server.willAnswer(hangUp);
    await expect(rotate()).rejects.toMatchObject({ name: 'TypeError' });
    expect(server.seen).toHaveLength(1);
  });

  it('is after a 429, for it was not begun', async () => {
    server.willAnswer(LIMITED, { status: 202, body: { id: 'r' } });
    expect((await rotate()).data?.id).toBe('r');
  });
});

it('a refusal is not repeated', async () => {
  server.willAnswer(problem(409, 'EXTERNAL_ID_TAKEN'));
  expect((await signUp()).error).toMatchObject({ code: 'EXTERNAL_ID_TAKEN' });
  expect(server.seen).toHaveLength(1);
});

function brokenOff(response: import('node:http').ServerResponse): void {
  response.writeHead(202, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"customer":', () => response.socket?.destroy());
}
