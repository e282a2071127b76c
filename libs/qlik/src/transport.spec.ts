import type dns from 'node:dns';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '@app/platform';
import { z } from 'zod';
import { caught } from '../testing/caught.js';
import { envelope, host, json, LocalQlik, policy } from '../testing/local-qlik.js';
import { CallAdmission } from './admission/call-admission.js';
import { OwnCallLimits } from './admission/own-call-limits.js';
import { QlikCircuits } from './admission/qlik-circuits.js';
import { TenantBulkhead } from './admission/tenant-bulkhead.js';
import type { CallRecord } from './call.js';
import { type QlikRequest, QlikTransport } from './transport.js';

const bearer = new Secret('own-secret-9f8e7d');
const create = (): QlikRequest<z.ZodType> => ({
  operation: 'create-oauth-client',
  host,
  method: 'POST',
  path: '/api/v1/oauth-clients',
  bearer,
  json: { clientName: 'the-body' },
  answer: z.object({ clientId: z.string(), clientSecret: z.string() }),
});
const read = (): QlikRequest<z.ZodType> => ({
  operation: 'get-oauth-client',
  host,
  method: 'GET',
  path: '/api/v1/oauth-clients/c1',
  bearer,
  answer: z.object({ clientId: z.string() }),
});

describe('QlikTransport', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(() => qlik.close());

  it("sends the tenant's Host, the token and the secrets in the body, and gives the parsed answer", async () => {
    qlik.answer = (_request, response) => json(response, 201, { clientId: 'c1', clientSecret: 's', more: true });
    const call = { ...create(), json: { client_secret: new Secret('own-secret-9f8e7d'), list: [new Secret('x')] } };
    expect(await qlik.transport.call(call)).toEqual({ clientId: 'c1', clientSecret: 's' });
    const [seen] = qlik.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/api/v1/oauth-clients', host });
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer own-secret-9f8e7d',
      'content-type': 'application/json',
    });
    expect(JSON.parse(seen?.body ?? '')).toEqual({ client_secret: 'own-secret-9f8e7d', list: ['x'] });
  });

  it('records a good call', async () => {
    qlik.answer = (_request, response) => json(response, 200, { clientId: 'c1' });
    const calls: CallRecord[] = [];
    await qlik.transport.call(read(), { onCall: (call) => calls.push(call) });
    expect(calls).toEqual([
      {
        operation: 'get-oauth-client',
        startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        durationMs: expect.any(Number),
        status: 200,
        outcome: 'ok',
      },
    ]);
  });

  describe.each([
    [400, 'QLIK_REFUSED', 'refused', false],
    [401, 'PARENT_REFUSED', 'refused', false],
    [403, 'QLIK_FORBIDDEN', 'refused', false],
    [404, 'QLIK_REFUSED', 'refused', false],
    [409, 'QLIK_REFUSED', 'refused', false],
    [422, 'QLIK_REFUSED', 'refused', false],
    [408, 'QLIK_UNAVAILABLE', 'unavailable', true],
    [429, 'QLIK_RATE_LIMITED', 'rate-limited', false],
    [500, 'QLIK_UNAVAILABLE', 'unavailable', true],
    [502, 'QLIK_UNAVAILABLE', 'unavailable', true],
    [503, 'QLIK_UNAVAILABLE', 'unavailable', true],
    [504, 'QLIK_UNAVAILABLE', 'unavailable', true],
    [301, 'QLIK_UNREADABLE', 'unreadable', true],
    [302, 'QLIK_UNREADABLE', 'unreadable', true],
    [307, 'QLIK_UNREADABLE', 'unreadable', true],
  ] as const)('status %i', (status, code, failure, unknown) => {
    it(`is ${code} with Qlik's own words, and ${unknown ? 'leaves open' : 'settles'} what a creation did`, async () => {
      qlik.answer = (_request, response) =>
        json(response, status, envelope('HTTP-X', 'A title', 'Saw own-secret-9f8e7d'), {
          location: 'http://127.0.0.1:1/',
        });
      const calls: CallRecord[] = [];
      const error = await caught(qlik.transport.call(create(), { onCall: (call) => calls.push(call) }));
      expect(error).toMatchObject({ code, failure, host, operation: 'create-oauth-client', outcomeUnknown: unknown });
      const qlikWords = { status, code: 'HTTP-X', title: 'A title', detail: 'Saw [secret]', traceId: 'trace-1' };
      expect(error.qlik).toEqual(qlikWords);
      expect(calls).toMatchObject([{ status, code: 'HTTP-X', traceId: 'trace-1', outcome: failure }]);
      expect(qlik.seen).toHaveLength(1);
    });

    it('never leaves open what a read did', async () => {
      qlik.answer = (_request, response) => response.writeHead(status).end('<html>');
      const error = await caught(qlik.transport.call(read()));
      expect(error).toMatchObject({ code, failure, outcomeUnknown: false, qlik: { status } });
    });
  });

  it('says TENANT_DISABLED where Qlik does', async () => {
    qlik.answer = (_request, response) => json(response, 401, envelope('TENANT_DISABLED'));
    expect(await caught(qlik.transport.call(read()))).toMatchObject({ code: 'TENANT_DISABLED', failure: 'refused' });
  });

  it.each([
    ['12', 12_000],
    [undefined, 5_000],
    ['whenever', 5_000],
    ['86400', 900_000],
  ])('waits after a 429 with Retry-After %s', async (header, retryAfterMs) => {
    qlik.answer = (_request, response) =>
      json(response, 429, {}, header === undefined ? {} : { 'retry-after': header });
    expect(await caught(qlik.transport.call(create()))).toMatchObject({ failure: 'rate-limited', retryAfterMs });
  });

  it('takes over Retry-After of a 503 only if there is one', async () => {
    qlik.answer = (_request, response) => json(response, 503, {}, { 'retry-after': '3' });
    expect((await caught(qlik.transport.call(read()))).retryAfterMs).toBe(3_000);
    qlik.answer = (_request, response) => json(response, 503, {});
    expect((await caught(qlik.transport.call(read()))).retryAfterMs).toBeUndefined();
  });

  it.each<[string, number, string]>([
    ['a field that is missing', 201, '{"clientId":"c1","leak":"shown-once-5a5b5c"}'],
    ['no JSON', 201, 'shown-once-5a5b5c'],
    ['nothing', 204, ''],
    ['JSON cut short', 201, '{"clientId":"c1","clientSecret":"shown-once-5a5b5c'],
  ])('cannot read %s in a success: after a creation the outcome is unknown', async (_name, status, body) => {
    qlik.answer = (_request, response) => response.writeHead(status).end(body);
    expect(await caught(qlik.transport.call(create()))).toMatchObject({
      code: 'QLIK_UNREADABLE',
      failure: 'unreadable',
      outcomeUnknown: true,
      qlik: { status },
    });
  });

  it('names the field that broke the schema', async () => {
    qlik.answer = (_request, response) => json(response, 201, { clientId: 'c1' });
    expect((await caught(qlik.transport.call(create()))).message).toContain('"clientSecret"');
  });

  it('cannot say what a creation did when the connection broke before the head of the answer', async () => {
    qlik.answer = (_request, response) => response.socket?.resetAndDestroy();
    const calls: CallRecord[] = [];
    const error = await caught(qlik.transport.call(create(), { onCall: (call) => calls.push(call) }));
    expect(error).toMatchObject({ code: 'QLIK_UNREACHABLE', failure: 'unavailable', outcomeUnknown: true });
    expect(error.qlik).toBeUndefined();
    expect(calls).toMatchObject([
      { outcome: 'unavailable', code: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/) },
    ]);
    expect(qlik.seen).toHaveLength(1);
  });

  it('cannot say it either when the body of the 201 is cut off', async () => {
    qlik.answer = (_request, response) => {
      response.writeHead(201, { 'content-length': '500' });
      response.write('{"clientId":"c1","clientSecret":"shown-once-5a5b5c"', () => response.socket?.resetAndDestroy());
    };
    const error = await caught(qlik.transport.call(create()));
    expect(error).toMatchObject({ failure: 'unavailable', outcomeUnknown: true, qlik: { status: 201 } });
  });

  it('nor when a chunked 201 ends without its last chunk', async () => {
    qlik.answer = (_request, response) => {
      response.writeHead(201);
      response.write('{"clientId":"c1","clientSecret":"shown-once-5a5b5c"}', () => response.socket?.end());
    };
    expect(await caught(qlik.transport.call(create()))).toMatchObject({ failure: 'unavailable', outcomeUnknown: true });
  });

  it('keeps to a refusal whose explanation is cut off', async () => {
    qlik.answer = (_request, response) => {
      response.writeHead(400, { 'content-length': '500' });
      response.write('{"errors":', () => response.socket?.resetAndDestroy());
    };
    expect(await caught(qlik.transport.call(create()))).toMatchObject({
      code: 'QLIK_REFUSED',
      outcomeUnknown: false,
      qlik: { status: 400 },
    });
  });

  it('keeps to the wait of a 429 whose body is cut off', async () => {
    qlik.answer = (_request, response) => {
      response.writeHead(429, { 'content-length': '500', 'retry-after': '9' });
      response.write('{', () => response.socket?.resetAndDestroy());
    };
    expect(await caught(qlik.transport.call(read()))).toMatchObject({ failure: 'rate-limited', retryAfterMs: 9_000 });
  });

  it('refuses to read more than 1 MiB', async () => {
    let written = 0;
    qlik.answer = (_request, response) => {
      response.on('error', () => undefined);
      const chunk = Buffer.alloc(256 * 1024, 'shown-once-5a5b5c');
      const more = () => {
        written += chunk.length;
        if (written > 64 * 1024 * 1024) response.end();
        else response.write(chunk, (error) => (error ? undefined : more()));
      };
      response.writeHead(201);
      more();
    };
    expect(await caught(qlik.transport.call(create()))).toMatchObject({
      code: 'QLIK_UNREADABLE',
      outcomeUnknown: true,
    });
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('keeps the bytes of an answer that is not HTTP out of its error', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end('shown-once-5a5b5c\r\n\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = new QlikTransport({ timeoutMs: 5_000, endpoint, tenantHosts: policy });
    const error = await caught(transport.call(create()));
    await transport.onApplicationShutdown();
    await new Promise((resolve) => server.close(resolve));
    expect(error).toMatchObject({ code: 'QLIK_UNREADABLE', outcomeUnknown: true });
  });

  it('commits, notes and sends nothing for a call that is held back', async () => {
    const log = { warn: () => undefined, info: () => undefined };
    const admission = new CallAdmission(
      new TenantBulkhead(),
      new QlikCircuits(30_000, log),
      new OwnCallLimits({ read: 1, write: 1 }),
    );
    const { endpoint } = qlik;
    const transport = new QlikTransport({ timeoutMs: 5_000, endpoint, tenantHosts: policy, admission });
    qlik.answer = (_request, response) => json(response, 201, { clientId: 'c1', clientSecret: 'shown-once-5a5b5c' });
    const seen: string[] = [];
    const context = {
      beforeSend: () => Promise.resolve(void seen.push('beforeSend')),
      onCall: () => void seen.push('onCall'),
    };
    await transport.call(create(), context);
    expect(await caught(transport.call(create(), context))).toMatchObject({
      code: 'RATE_LIMIT_REACHED',
      failure: 'held-back',
      outcomeUnknown: false,
    });
    await transport.onApplicationShutdown();
    expect([seen, qlik.seen.length]).toEqual([['beforeSend', 'onCall'], 1]);
  });

  it('ends when the caller gives up: before sending nothing can have happened, after it anything', async () => {
    const early = AbortSignal.abort();
    const calls: CallRecord[] = [];
    expect(
      await caught(qlik.transport.call(create(), { signal: early, onCall: (call) => calls.push(call) })),
    ).toMatchObject({
      failure: 'aborted',
      outcomeUnknown: false,
    });
    expect([qlik.seen, calls]).toEqual([[], []]);

    const stop = new AbortController();
    qlik.answer = () => stop.abort();
    const onCall = (call: CallRecord) => calls.push(call);
    expect(await caught(qlik.transport.call(create(), { signal: stop.signal, onCall }))).toMatchObject({
      code: 'CALL_ABORTED',
      failure: 'aborted',
      outcomeUnknown: true,
    });
    expect(calls).toMatchObject([{ outcome: 'aborted' }]);
  });

  it('does not count a read that the caller gave up as unknown', async () => {
    const stop = new AbortController();
    qlik.answer = () => stop.abort();
    expect(await caught(qlik.transport.call(read(), { signal: stop.signal }))).toMatchObject({
      failure: 'aborted',
      outcomeUnknown: false,
    });
  });

  it.each(['evil.example', '127.0.0.1', 'register.eu.qlikcloud.com', 'acme.eu.qlikcloud.com@evil.example', ''])(
    'sends nothing to the host %j',
    async (other) => {
      const error = await caught(qlik.transport.call({ ...create(), host: other }));
      expect(error).toMatchObject({ code: 'HOST_NOT_ALLOWED', failure: 'address-refused', outcomeUnknown: false });
      expect(qlik.seen).toEqual([]);
    },
  );
});

describe('QlikTransport out of time', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start(200);
  });
  afterEach(() => qlik.close());

  it('gives up on an answer that never comes', async () => {
    qlik.answer = () => undefined;
    const error = await caught(qlik.transport.call(create()));
    expect(error).toMatchObject({ code: 'QLIK_TIMEOUT', failure: 'unavailable', outcomeUnknown: true });
  });

  it('gives up on an answer that drips, though every drop comes in time', async () => {
    await qlik.close();
    // The head must be there before time is up, also on a busy machine.
    qlik = await LocalQlik.start(2_000);
    qlik.answer = (_request, response) => {
      response.writeHead(201).write(' ');
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    };
    const error = await caught(qlik.transport.call(create()));
    expect(error).toMatchObject({ code: 'QLIK_TIMEOUT', outcomeUnknown: true, qlik: { status: 201 } });
  });

  it('never leaves open what a read did', async () => {
    qlik.answer = () => undefined;
    expect(await caught(qlik.transport.call(read()))).toMatchObject({ code: 'QLIK_TIMEOUT', outcomeUnknown: false });
  });
});

describe('QlikTransport without a connection', () => {
  const lookup = (answer: { address: string; family: number } | 'ENOTFOUND' | 'EAI_AGAIN') =>
    ((_host: string, _options: unknown, callback: (error: Error | null, found: unknown[]) => void) =>
      typeof answer === 'string'
        ? callback(Object.assign(new Error('the-body'), { code: answer }), [])
        : callback(null, [answer])) as unknown as typeof dns.lookup;

  it('did nothing when the port is closed', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const transport = new QlikTransport({
      timeoutMs: 5_000,
      endpoint: `http://127.0.0.1:${port}`,
      tenantHosts: policy,
    });
    const error = await caught(transport.call(create()));
    expect(error).toMatchObject({ code: 'QLIK_UNREACHABLE', failure: 'unavailable', outcomeUnknown: false });
    expect(error.message).toContain('ECONNREFUSED');
    await transport.onApplicationShutdown();
  });

  it.each([
    ['the name is unknown', 'ENOTFOUND', 'TENANT_NOT_FOUND', 'unavailable'],
    ['the resolver fails', 'EAI_AGAIN', 'QLIK_UNREACHABLE', 'unavailable'],
    ['the name leads to loopback', { address: '127.0.0.1', family: 4 }, 'ADDRESS_NOT_ALLOWED', 'address-refused'],
    [
      'the name leads to the metadata service',
      { address: '169.254.169.254', family: 4 },
      'ADDRESS_NOT_ALLOWED',
      'address-refused',
    ],
    ['the name leads to IPv6 loopback', { address: '::1', family: 6 }, 'ADDRESS_NOT_ALLOWED', 'address-refused'],
  ] as const)('did nothing when %s', async (_name, answer, code, failure) => {
    const transport = new QlikTransport({
      timeoutMs: 5_000,
      tenantHosts: policy,
      connector: { lookup: lookup(answer) },
    });
    const calls: CallRecord[] = [];
    const error = await caught(transport.call(create(), { onCall: (call) => calls.push(call) }));
    expect(error).toMatchObject({ code, failure, outcomeUnknown: false });
    expect(calls).toHaveLength(1);
    await transport.onApplicationShutdown();
  });
});
