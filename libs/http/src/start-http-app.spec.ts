import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { currentRequestContext, DomainError, type ErrorKind, type RunningProcess } from '@app/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Post, ServiceUnavailableException } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { pino } from 'pino';
import { edgeProblems } from './problems/problem-catalog.js';
import { ProblemFilter } from './problems/problem.filter.js';
import type { Problem } from './problems/problem.schema.js';
import { type HttpAppOptions, startHttpApp } from './start-http-app.js';

let toThrow: unknown;

@Controller()
class TestController {
  @Post('things')
  echo(@Body() body: unknown): unknown {
    return { body, context: currentRequestContext() };
  }

  @Get('things/:id')
  fail(): never {
    throw toThrow;
  }

  @Get('livez')
  livez(): string {
    return 'ok';
  }
}

@Module({})
class TestModule {}

const lines: Record<string, unknown>[] = [];
const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
const logger = pino({ level: 'debug' }, { write });
const start = (
  host = '127.0.0.1',
  prepare: HttpAppOptions['prepare'] = () => Promise.resolve(),
  longestWorkMs?: number,
): Promise<RunningProcess> =>
  startHttpApp(
    {
      module: TestModule,
      controllers: [TestController],
      providers: [
        {
          provide: APP_FILTER,
          useValue: new ProblemFilter(logger, { ...edgeProblems, TEAPOT: { status: 418, title: 'A teapot' } }),
        },
      ],
    },
    {
      host,
      port: 0,
      logger,
      bodyLimitBytes: 1_000,
      ...(longestWorkMs === undefined ? {} : { longestWorkMs }),
      requestLog: {
        quietRoutes: /^\/(livez|things\/:id)$/,
        whoAsks: ({ headers }) => ({ agent: headers['user-agent'] }),
      },
      prepare,
    },
  );

let app: RunningProcess;
beforeAll(async () => {
  app = await start();
});
afterAll(() => app.close());
beforeEach(() => void (lines.length = 0));

const post = (body: string, contentType = 'application/json') =>
  fetch(`${app.url}/things`, { method: 'POST', body, headers: { 'content-type': contentType } });

async function problemOf(answer: Response): Promise<Problem> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const problem = (await answer.json()) as Problem;
  expect(problem).toMatchObject({ status: answer.status, requestId: answer.headers.get('x-request-id') });
  return problem;
}

/** Asks with an address that `fetch` would put right. */
const getRaw = (path: string) =>
  new Promise<[status: number | undefined, body: unknown]>((resolve, reject) => {
    httpRequest(app.url, { path }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve([response.statusCode, JSON.parse(body)]));
    })
      .on('error', reject)
      .end();
  });

describe('a problem', () => {
  it.each([
    ['broken JSON', '{', undefined, 400, 'BODY_NOT_JSON'],
    ['an empty body', '', undefined, 400, 'BODY_NOT_JSON'],
    ['a poisoned prototype', '{"__proto__": {}}', undefined, 400, 'BODY_NOT_JSON'],
    ['a long body', JSON.stringify('x'.repeat(1_000)), undefined, 413, 'BODY_TOO_LARGE'],
    ['text', 'x', 'text/plain', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a form', 'a=b', 'application/x-www-form-urlencoded', 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ])('answers %s', async (_what, body, type, status, code) => {
    expect(await problemOf(await post(body, type))).toMatchObject({ status, code, instance: '/things' });
  });

  it('answers an unknown route without its query', async () => {
    const problem = await problemOf(await fetch(`${app.url}/nowhere?secret`));
    expect(problem).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND', instance: '/nowhere' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it.each([
    ['/things/%zz', 400, 'REQUEST_MALFORMED'],
    ['/%', 400, 'REQUEST_MALFORMED'],
    [`/things/${'x'.repeat(300)}`, 404, 'ROUTE_NOT_FOUND'],
  ])('answers the address %s', async (path, status, code) => {
    expect(await getRaw(path)).toMatchObject([status, { status, code, instance: path }]);
  });

  it.each<[ErrorKind, number]>([
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['gone', 410],
    ['stale', 412],
    ['unavailable', 503],
  ])('answers an error of the domain of kind %s with %d', async (kind, status) => {
    toThrow = new DomainError(kind, 'SOME_CODE', 'What happened.', {
      fields: [{ pointer: '/a', message: 'is wrong' }],
      facts: { runId: 'r', status: 'not ours' },
      retryAfterSeconds: 7,
    });
    const answer = await fetch(`${app.url}/things/1`);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(await problemOf(answer)).toMatchObject({
      status,
      code: 'SOME_CODE',
      type: '/problems/some-code',
      detail: 'What happened.',
      runId: 'r',
      errors: [{ pointer: '/a', message: 'is wrong' }],
    });
  });

  it('answers a code as the catalog says', async () => {
    toThrow = new DomainError('invalid', 'TEAPOT', 'Tea only.');
    expect(await problemOf(await fetch(`${app.url}/things/1`))).toMatchObject({ status: 418, title: 'A teapot' });
  });

  it('answers that the database does not answer', async () => {
    toThrow = Object.assign(new Error('connect to db.internal'), { code: 'ECONNREFUSED' });
    const answer = await fetch(`${app.url}/things/1`);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(await problemOf(answer)).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
  });

  it('answers a probe that failed with its reason', async () => {
    toThrow = new ServiceUnavailableException({ code: 'MIGRATIONS_PENDING', detail: 'One lacks.' });
    expect(await problemOf(await fetch(`${app.url}/things/1`))).toMatchObject({
      status: 503,
      code: 'MIGRATIONS_PENDING',
      detail: 'One lacks.',
    });
  });

  it('says nothing of a reason without a name, and logs it', async () => {
    toThrow = new Error('hunter2');
    const problem = await problemOf(await fetch(`${app.url}/things/1`));
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL_ERROR' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    const logged = lines.find(({ msg }) => msg === 'A request failed for a reason without a name');
    expect(logged).toMatchObject({ level: 50, err: { message: 'hunter2' }, requestId: problem.requestId });
  });
});

describe('a request', () => {
  it('takes the id and the trace of its caller, and keeps them while its body arrives', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const headers = { 'content-type': 'application/json', 'x-request-id': 'request-1', traceparent };
    const body = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(`${app.url}/things`, {
        method: 'POST',
        headers: { ...headers, expect: '100-continue' },
      });
      request.on('continue', () => request.end('{}')).on('error', reject);
      request.on('response', (response) => response.setEncoding('utf8').on('data', resolve));
      request.flushHeaders();
    });
    expect(JSON.parse(body)).toEqual({ body: {}, context: { requestId: 'request-1', traceparent } });
  });

  it.each(['short', 'x'.repeat(65), 'with space', 'a;b;c;d;e;f'])('is not given the id %p', async (id) => {
    const answer = await fetch(`${app.url}/livez`, { headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is one line by its route, for debugging alone when a quiet one goes well', async () => {
    await (await fetch(`${app.url}/livez?secret`, { headers: { 'user-agent': 'probe' } })).text();
    toThrow = new DomainError('gone', 'GONE', 'Gone.');
    await (await fetch(`${app.url}/things/secret`)).text();
    const answered = lines.filter(({ msg }) => msg === 'Request answered');
    expect(answered).toMatchObject([
      { level: 20, route: '/livez', status: 200, agent: 'probe' },
      { level: 30, route: '/things/:id', status: 410 },
    ]);
    expect(JSON.stringify(answered)).not.toContain('secret');
  });
});

describe('start and close', () => {
  it('gives an address of IPv6 as a URL has it', async () => {
    const other = await start('::1');
    try {
      expect(other.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
      expect((await fetch(`${other.url}/livez`)).status).toBe(200);
    } finally {
      await other.close();
    }
  });

  it('keeps a connection for longer than a request may be worked on', async () => {
    let timeoutMs: number | undefined;
    const notePatience: HttpAppOptions['prepare'] = (other) => {
      timeoutMs = other.getHttpServer().timeout;
      return Promise.resolve();
    };
    await (await start('127.0.0.1', notePatience, 300_000)).close();
    expect(timeoutMs).toBe(320_000);
    await (await start('127.0.0.1', notePatience, 1_000)).close();
    expect(timeoutMs).toBe(60_000);
  });

  it('throws what preparing throws', async () => {
    const broken = () => Promise.reject(new Error('Not prepared.'));
    await expect(start('127.0.0.1', broken)).rejects.toThrow('Not prepared.');
  });

  it('answers what is under way, then closes in spite of connections that are kept alive; twice is once', async () => {
    const other = await start();
    const { hostname, port } = new URL(other.url);
    const socket = connect(Number(port), hostname);
    let reply = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (reply += chunk));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const head = ['POST /things HTTP/1.1', `Host: ${hostname}`, 'Content-Type: application/json', 'Content-Length: 2'];
    socket.write([...head, 'Expect: 100-continue', '', ''].join('\r\n'));
    await new Promise((resolve) => socket.once('data', resolve));
    const closed = other.close();
    expect(other.close()).toBe(closed);
    socket.write('{}');
    await ended;
    await closed;
    expect(reply).toContain('HTTP/1.1 201 ');
  });
});
