import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunState } from '@app/platform';
import { makeApiKey } from '../api-key.js';
import { type AppProcess, startAppProcess } from '../processes.js';
import { type ApiUnderTest, LOCAL_KEYS, newCustomer, startApiUnderTest } from './api-under-test.js';
import { EventStream } from './event-stream.js';

const nowhere = '0195b1c0-0000-7000-8000-000000000000';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});
afterAll(() => api.close());

/** A run that no worker takes up. */
async function accept(): Promise<{ runId: string; tenantHost: string }> {
  const headers = { 'idempotency-key': `events-${Math.random()}` };
  const body = newCustomer();
  const answer = await api.call<any>('POST', '/v1/customers', { body, headers });
  return { runId: answer.body.run.id, tenantHost: String(body.tenantHost) };
}

/** What a worker does to the row, as far as it matters here. */
const change = (runId: string, state: RunState) =>
  api.database.client.run.update({ where: { id: runId }, data: { state, revision: { increment: 1 } } });

const path = (runId: string) => `/v1/runs/${runId}/events`;
const follow = (runId: string, headers: Record<string, string> = {}, key = api.key) =>
  EventStream.open(api.url + path(runId), key, headers);

describe('run events', () => {
  it('tell the run at once as it is shown, then each change, and end with the run', async () => {
    const { runId } = await accept();
    const stream = await follow(runId);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(stream.response.headers.get('x-content-type-options')).toBe('nosniff');
    const first = await stream.next();
    const { body: shown, headers } = await api.call('GET', `/v1/runs/${runId}`);
    expect(first).toEqual({ event: 'run', id: headers.get('etag')!.replaceAll('"', ''), data: shown });
    await change(runId, 'running');
    expect(await stream.next()).toMatchObject({ id: '2', data: { state: 'running' } });
    await change(runId, 'succeeded');
    expect(await stream.rest()).toMatchObject([{ id: '3', data: { state: 'succeeded' } }]);
  });

  it.each(['succeeded', 'failed', 'needs_attention', 'cancelled'] as const)(
    'are one where the run is %s, and none for who knows it',
    async (state) => {
      const { runId } = await accept();
      await change(runId, state);
      expect(await (await follow(runId)).rest()).toMatchObject([{ id: '2', data: { state } }]);
      const known = await api.call('GET', path(runId), { headers: { 'last-event-id': '2' } });
      expect([known.status, known.body]).toEqual([204, '']);
      await change(runId, 'queued');
      const again = await follow(runId, { 'last-event-id': '2' });
      expect(await again.next()).toMatchObject({ id: '3', data: { state: 'queued' } });
      again.abort();
    },
  );

  it('repeat nothing that the caller has, and tell what it missed once', async () => {
    const { runId } = await accept();
    const stream = await follow(runId, { 'last-event-id': '1' });
    await change(runId, 'running');
    expect(await stream.next()).toMatchObject({ id: '2' });
    stream.abort();
    await change(runId, 'waiting');
    await change(runId, 'running');
    const again = await follow(runId, { 'last-event-id': '2' });
    await change(runId, 'succeeded');
    const ids = (await again.rest()).map(({ id }) => id);
    expect(ids.at(-1)).toBe('5');
    expect(ids).not.toContain('3');
  });

  it('tell of a pause that holds the run, and of its end', async () => {
    const { runId, tenantHost } = await accept();
    const stream = await follow(runId);
    await stream.next();
    const { body: pause } = await api.call<any>('POST', '/v1/pauses', { body: { tenantHost, reason: 'a test' } });
    expect(await stream.next()).toMatchObject({ id: `1-${pause.id}`, data: { pausedBy: { id: pause.id } } });
    await api.call('DELETE', `/v1/pauses/${pause.id}`);
    expect(await stream.next()).toMatchObject({ id: '1', data: { pausedBy: null } });
    stream.abort();
  });

  it('tell everybody who follows the run, and everybody of their own run alone', async () => {
    const [one, other] = [await accept(), await accept()];
    const streams = await Promise.all([follow(one.runId), follow(one.runId), follow(other.runId)]);
    await Promise.all(streams.map((stream) => stream.next()));
    await change(one.runId, 'succeeded');
    expect(await streams[0].rest()).toMatchObject([{ data: { id: one.runId, state: 'succeeded' } }]);
    expect(await streams[1].rest()).toMatchObject([{ data: { id: one.runId, state: 'succeeded' } }]);
    await change(other.runId, 'failed');
    expect(await streams[2].rest()).toMatchObject([{ data: { id: other.runId, state: 'failed' } }]);
  });

  it('are refused as problems: an unknown run, a missing right', async () => {
    expect(await api.call('GET', path(nowhere))).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
    expect(await api.call('GET', path('x'))).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
    const { key } = await api.makeKey(['customers:read']);
    expect(await api.call('GET', path(nowhere), { key })).toMatchObject({ status: 403, body: { scope: 'runs:read' } });
  });

  it('are limited for each caller and for the process, and make room when a caller goes', async () => {
    const { runId } = await accept();
    const keys = await Promise.all(Array.from({ length: 5 }, () => api.makeKey(['runs:read'])));
    const open = async ({ key }: { key: string }): Promise<EventStream[]> =>
      Promise.all(Array.from({ length: 100 }, () => follow(runId, {}, key)));
    const streams: EventStream[] = [];
    for (const key of keys) streams.push(...(await open(key)));
    expect(await api.call('GET', path(runId), { key: keys[0]!.key })).toMatchObject({
      status: 429,
      body: { code: 'CALLER_STREAMS_EXHAUSTED' },
    });
    const full = await api.call('GET', path(runId));
    expect(full).toMatchObject({ status: 503, body: { code: 'STREAMS_EXHAUSTED' } });
    expect(full.headers.get('retry-after')).toBe('5');
    // A refused request, a HEAD and a run that is not there keep no place.
    streams.pop()!.abort();
    const last = await untilThereIsRoom(() => follow(runId, {}, keys[4]!.key));
    last.abort();
    for (let n = 0; n < 3; n += 1) {
      await untilThereIsRoom(() => EventStream.open(api.url + path(nowhere), api.key).catch(expect404));
      await untilThereIsRoom(async () => {
        const { status } = await api.call('HEAD', path(runId));
        if (status !== 200) throw new Error(`answered ${status}`);
      });
    }
    await change(runId, 'succeeded');
    for (const events of await Promise.all(streams.map((stream) => stream.rest()))) {
      expect(events.at(-1)).toMatchObject({ data: { state: 'succeeded' } });
    }
  });
});

const expect404 = (error: Error): void => {
  if (!error.message.includes('answered 404')) throw error;
};

/** What `work` gives once it is no longer refused for want of a place. */
async function untilThereIsRoom<T>(work: () => Promise<T>): Promise<T> {
  for (const giveUpAt = Date.now() + 15_000; ;) {
    try {
      return await work();
    } catch (error) {
      if (!/answered (429|503)/.test((error as Error).message) || Date.now() > giveUpAt) throw error;
    }
  }
}

describe('SIGTERM', () => {
  let process: AppProcess;
  let key: string;

  beforeAll(async () => {
    key = await makeApiKey(api.database);
    const [{ url } = { url: '' }] = await api.database.client.$queryRaw<{ url: string }[]>`
      SELECT current_database() AS url`;
    const databaseUrl = new URL(globalThis.process.env.TEST_POSTGRES_URL!);
    databaseUrl.pathname = `/${url}`;
    process = await startAppProcess('api', { NODE_ENV: 'test', DATABASE_URL: databaseUrl.href, LOCAL_KEYS });
  });

  it('ends streams, also one that nobody reads, and the process with 0', async () => {
    const { runId } = await accept();
    const stream = await EventStream.open(process.url + path(runId), key);
    await stream.next();
    await fillTrail();
    const { hostname, port } = new URL(process.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(`GET /v1/audit-events/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    const ended = process.kill('SIGTERM');
    expect(await stream.rest()).toEqual([]);
    expect(await ended).toEqual({ code: 0, signal: null });
    socket.destroy();
  });
});

/** More events than fit between a server and a client that does not read. */
const fillTrail = () => api.database.client.$executeRaw`
  INSERT INTO audit_events (id, chain, sequence, occurred_at, action, actor, subject, data, previous_hash, hash)
  SELECT gen_random_uuid(), gen_random_uuid()::text, 1, now(), 'run.started', 'test', '{}',
    jsonb_build_object('padding', repeat('x', 1000)), '', '' FROM generate_series(1, 40000)`;
