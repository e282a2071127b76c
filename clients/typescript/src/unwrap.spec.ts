import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from './client.js';
import { ProblemError } from './problem-error.js';
import { problem, TestServer } from './testing/test-server.js';
import { unwrap } from './unwrap.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.close());

const client = () => createClient({ baseUrl: server.url, apiKey: 'tp_key', retry: false });
const read = () => unwrap(client().GET('/v1/customers/{id}', { params: { path: { id: 'c' } } }));
const acknowledge = () =>
  unwrap(
    client().POST('/v1/customers/{id}/credentials/acknowledgements', {
      params: { path: { id: 'c' } },
      body: { version: 1 },
    }),
  );

describe('unwrap', () => {
  it('gives the body of a good answer', async () => {
    server.willAnswer({ status: 200, body: { id: 'c' } });
    expect(await read()).toEqual({ id: 'c' });
  });

  it('gives nothing where the answer has no body', async () => {
    server.willAnswer({ status: 204 });
    expect(await acknowledge()).toBeUndefined();
  });

  it('throws what the API says is wrong', async () => {
    const errors = [{ pointer: '/version', message: 'must be at least 1' }];
    const qlik = { status: 403, code: 'FORBIDDEN', title: 'Forbidden', traceId: 'trace' };
    server.willAnswer(problem(400, 'REQUEST_INVALID', { errors, qlik, runId: 'r' }));
    const error: unknown = await acknowledge().catch((thrown: unknown) => thrown);
    if (!(error instanceof ProblemError)) throw error;
    expect(error).toMatchObject({
      name: 'ProblemError',
      status: 400,
      code: 'REQUEST_INVALID',
      detail: 'What happened.',
      errors,
      qlik,
      requestId: 'request-1',
      problem: { runId: 'r' },
    });
    expect(error.message).toBe(
      'REQUEST_INVALID (400): What happened. /version must be at least 1. [request request-1]',
    );
    expect(error.response.status).toBe(400);
  });

  it.each([
    ['a page', '<h1>Bad gateway</h1>'],
    ['nothing', undefined],
  ])('throws what it can where a proxy answers with %s', async (_what, body) => {
    server.willAnswer((response) => {
      response.writeHead(502, { 'content-type': 'text/html', 'x-request-id': 'from-proxy' }).end(body);
    });
    await expect(read()).rejects.toMatchObject({
      status: 502,
      code: 'HTTP_502',
      detail: undefined,
      errors: [],
      problem: undefined,
      requestId: 'from-proxy',
    });
  });
});
