import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from './client.js';
import { RunStoppedError, RunTimeoutError } from './run-errors.js';
import { collectGarbage } from './testing/collect-garbage.js';
import { type Answer, hangUp, problem, type SeenRequest, TestServer } from './testing/test-server.js';
import { waitForRun, type WaitOptions } from './wait-for-run.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.close());

const run = (state: string, more: object = {}) => ({
  id: 'r',
  plan: 'onboarding',
  step: 'verify',
  error: null,
  state,
  ...more,
});
const wait = (options?: WaitOptions) =>
  waitForRun(createClient({ baseUrl: server.url, apiKey: 'tp_key', retry: { maxTries: 1 } }), 'r', options);

/** Answers to GET of the run and of its events. */
interface Api {
  run: Answer[];
  events?: Answer[];
}

/** Answers each of the two as told, the last answer again and again. */
function serve({ run: polls, events = [problem(404, 'ROUTE_NOT_FOUND')] }: Api): void {
  server.willAnswer((response, request) => {
    const answers = request.path.endsWith('/events') ? events : polls;
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (typeof answer === 'function') return answer(response, request);
    const type = answer.status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(answer.status, { 'content-type': type, ...answer.headers });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  });
}

const at = (revision: number, state: string, more?: object) => ({
  status: 200,
  headers: { etag: `"${revision}"` },
  body: run(state, more),
});

const event = (id: string, body: object) => `event: run\nid: ${id}\ndata: ${JSON.stringify(body)}\n\n`;

/** A stream of these texts, which then ends, or is left as it is where `end` says so. */
const stream =
  (texts: string[], end: 'ends' | 'breaks' | 'stays' = 'ends') =>
  (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const text of texts) response.write(text);
    if (end === 'ends') response.end();
    if (end === 'breaks') setImmediate(() => response.socket?.destroy());
  };

const asked = (end: string): SeenRequest[] => server.seen.filter(({ path }) => path.endsWith(end));

describe('a run that is waited for without events', () => {
  it('is asked for until it succeeds, and told of when it changed', async () => {
    serve({ run: [at(1, 'queued'), { status: 304 }, at(2, 'running'), at(3, 'succeeded')] });
    const seen: string[] = [];
    expect(await wait({ onProgress: ({ state }) => seen.push(state) })).toMatchObject({ state: 'succeeded' });
    expect(seen).toEqual(['queued', 'running', 'succeeded']);
    expect(asked('/r').map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"1"', '"2"']);
    expect(asked('/events')).toHaveLength(1);
  });

  it('keeps its version through a proxy that weakens it', async () => {
    serve({ run: [{ ...at(1, 'queued'), headers: { etag: 'W/"1-pause"' } }, at(2, 'succeeded')] });
    await wait();
    expect(asked('/r')[1]!.headers['if-none-match']).toBe('"1-pause"');
  });

  it.each(['failed', 'cancelled', 'needs_attention'])('throws when it is %s', async (state) => {
    const error = { code: 'PARENT_REFUSED', message: 'Qlik refused.', hint: 'Change the secret.' };
    serve({ run: [at(1, 'running'), at(2, state, { error })] });
    const thrown = await wait().catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(RunStoppedError);
    expect(thrown).toMatchObject({
      name: 'RunStoppedError',
      code: 'PARENT_REFUSED',
      run: { state },
      message: `The onboarding run "r" stopped with "${state}": PARENT_REFUSED: Qlik refused. Change the secret.`,
    });
  });

  it('is waited for while the API does not answer', async () => {
    serve({ run: [hangUp, problem(503, 'DATABASE_UNAVAILABLE'), at(1, 'succeeded')] });
    expect(await wait()).toMatchObject({ state: 'succeeded' });
  });

  it('is not when the API refuses to show it', async () => {
    serve({ run: [problem(404, 'RUN_NOT_FOUND')] });
    await expect(wait()).rejects.toMatchObject({ name: 'ProblemError', code: 'RUN_NOT_FOUND' });
  });

  it('ends in time, saying how it was and what went wrong last', async () => {
    serve({ run: [at(1, 'running'), problem(503, 'DATABASE_UNAVAILABLE')] });
    const thrown = await wait({ timeoutMs: 2_000 }).catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(RunTimeoutError);
    expect(thrown).toMatchObject({ runId: 'r', run: { state: 'running' }, cause: { code: 'DATABASE_UNAVAILABLE' } });
    expect((thrown as Error).message).toBe(
      'The run "r" did not end within 2000 ms. It is "running" at the step "verify".',
    );
  });

  it('ends with the reason of the one who waits', async () => {
    const caller = new AbortController();
    const reason = new Error('never mind');
    serve({ run: [at(1, 'running')] });
    await expect(wait({ signal: caller.signal, onProgress: () => caller.abort(reason) })).rejects.toBe(reason);
    await expect(wait({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('ends with what onProgress throws', async () => {
    const reason = new Error('cannot show it');
    serve({ run: [at(1, 'running')] });
    const failing = (): void => {
      throw reason;
    };
    await expect(wait({ onProgress: failing })).rejects.toBe(reason);
  });
});

describe('a run whose events are read', () => {
  it('is not asked for', async () => {
    const first = event('1', run('queued'));
    const events = stream(
      [first.slice(0, 20), `${first.slice(20)}: still here\n\n`, event('2', run('succeeded'))],
      'stays',
    );
    serve({ run: [at(9, 'failed')], events: [events] });
    const seen: string[] = [];
    expect(await wait({ onProgress: ({ state }) => seen.push(state) })).toMatchObject({ state: 'succeeded' });
    expect([seen, asked('/r')]).toEqual([['queued', 'succeeded'], []]);
    expect(asked('/events')[0]!.headers).toMatchObject({ accept: 'text/event-stream', authorization: 'Bearer tp_key' });
  });

  it.each(['ends', 'breaks'] as const)('is followed anew where the stream %s', async (end) => {
    const events = [stream([event('1-pause', run('queued'))], end), stream([event('3', run('succeeded'))])];
    serve({ run: [{ status: 304 }], events });
    expect(await wait()).toMatchObject({ state: 'succeeded' });
    expect(asked('/r')[0]!.headers['if-none-match']).toBe('"1-pause"');
    expect(asked('/events').map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1-pause']);
  });

  it.each<[string, Answer]>([
    ['has too many of them', problem(503, 'STREAMS_EXHAUSTED')],
    ['hangs up', hangUp],
    ['answers with something else', { status: 200, body: {} }],
    ['says that there is nothing to follow', { status: 204 }],
  ])('is asked for where the API %s', async (_what, answer) => {
    serve({ run: [at(1, 'running'), at(2, 'succeeded')], events: [answer] });
    expect(await wait()).toMatchObject({ state: 'succeeded' });
    expect(asked('/events')).toHaveLength(1);
  });

  it('throws when an event says that it stopped', async () => {
    serve({ run: [at(9, 'succeeded')], events: [stream([event('1', run('needs_attention'))], 'stays')] });
    await expect(wait()).rejects.toMatchObject({ name: 'RunStoppedError', run: { state: 'needs_attention' } });
  });

  it('ends in time', async () => {
    serve({ run: [at(1, 'running')], events: [stream([event('1', run('running'))], 'stays')] });
    const onProgress = (): void => void collectGarbage();
    await expect(wait({ timeoutMs: 2_000, onProgress })).rejects.toMatchObject({
      name: 'RunTimeoutError',
      run: { state: 'running' },
    });
  });
});
