import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi } from '../../apps/api/src/start-api.js';
import { startWorker } from '../../apps/worker/src/start-worker.js';
import { makeApiKey } from '../api-key.js';
import { Stack } from '../stack.js';
import { verify, WebhookReceiver } from '../webhook-receiver.js';

const PATH = '/v1/webhook-endpoints';

let stack: Stack;
let receiver: WebhookReceiver;
const lines: string[] = [];

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  stack = await Stack.start({
    env: { WEBHOOK_ALLOW_LOOPBACK: 'true' },
    log: { write: (line) => void lines.push(line) },
  });
});
afterAll(async () => {
  await stack.close();
  await receiver.close();
});

const post = (path: string, body?: object) => stack.call('POST', `${PATH}${path}`, body === undefined ? {} : { body });
const get = (path: string) => stack.call('GET', `${PATH}${path}`);
const register = async (body: object = {}) => (await post('', { url: receiver.url, ...body })).body;
const remove = (id: string) => stack.call('DELETE', `${PATH}/${id}`);

describe('a webhook endpoint', () => {
  it('hears that a customer is ready, in a request that the official library verifies', async () => {
    const { id, secret } = await register();
    const { customerId, runId } = await stack.onboard('heard');
    const isReady = ({ event }: WebhookReceiver['received'][number]) => event.data.customerId === customerId;
    await receiver.when((received) => received.some(isReady));
    const received = receiver.received.find(isReady)!;
    expect(verify(received, secret)).toEqual({
      type: 'customer.ready',
      timestamp: expect.any(String),
      data: { customerId, runId },
    });
    const run = await stack.runEnd(runId);
    expect(run.state).toBe('succeeded');
    const { body: log } = await get(`/${id}/deliveries`);
    expect(log.deliveries).toEqual([
      {
        id: received.headers['webhook-id'],
        eventId: expect.any(String),
        type: 'customer.ready',
        state: 'delivered',
        payload: received.event,
        attempts: [
          { at: expect.any(String), durationMs: expect.any(Number), status: 204, error: null, networkCode: null },
        ],
        nextAttemptAt: null,
        createdAt: expect.any(String),
        deliveredAt: expect.any(String),
      },
    ]);
    const { body: events } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&action=customer.ready`);
    expect(events.events[0].id).toBe(log.deliveries[0].eventId);
    await remove(id);
  });

  it('shows its secret once, and not to caches', async () => {
    const created = await post('', { url: receiver.url, events: ['customer.failed'], description: 'sign-up' });
    const { id, secret, ...shown } = created.body;
    expect(created).toMatchObject({
      status: 201,
      headers: { 'cache-control': 'no-store', location: `${PATH}/${id}` },
      body: { url: receiver.url, events: ['customer.failed'], description: 'sign-up', state: 'active' },
    });
    expect(secret).toMatch(/^whsec_/);
    expect((await get(`/${id}`)).body).toEqual({ id, ...shown });
    expect((await get('')).body).toEqual({ webhookEndpoints: [{ id, ...shown }] });
    const rotated = await post(`/${id}/secret-rotation`);
    expect(rotated).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' }, body: { id } });
    expect(rotated.body.secret).not.toBe(secret);
    const overlap = Date.parse((await get(`/${id}`)).body.previousSecretUntil) - Date.now();
    expect(overlap).toBeGreaterThan(86_000_000);
    for (const told of [secret, rotated.body.secret]) expect(lines.join('')).not.toContain(told.slice(6));
    expect(await remove(id)).toMatchObject({ status: 204 });
    expect(await get(`/${id}`)).toMatchObject({ status: 404, body: { code: 'WEBHOOK_ENDPOINT_NOT_FOUND' } });
    expect(await get('/nonsense')).toMatchObject({ status: 404, body: { code: 'WEBHOOK_ENDPOINT_NOT_FOUND' } });
  });

  it('is changed, disabled and enabled', async () => {
    const { id } = await register();
    const patch = (body: object) => stack.call('PATCH', `${PATH}/${id}`, { body });
    expect(await patch({ events: ['drift.detected'], state: 'disabled' })).toMatchObject({
      status: 200,
      body: { events: ['drift.detected'], state: 'disabled', disabledReason: 'DISABLED_BY_CALLER' },
    });
    expect(await post(`/${id}/test`)).toMatchObject({ status: 409, body: { code: 'WEBHOOK_ENDPOINT_DISABLED' } });
    expect((await patch({ events: null, state: 'active' })).body).toMatchObject({ events: null, disabledReason: null });
    expect(await patch({})).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(await patch({ url: 'http://app.example' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/url' }] },
    });
    await remove(id);
  });

  it('gets a test, and gets it again', async () => {
    const { id } = await register();
    const before = receiver.received.length;
    const { status, body } = await post(`/${id}/test`);
    expect(status).toBe(202);
    await receiver.when(({ length }) => length === before + 1);
    expect(await post(`/${id}/replay`, { deliveryIds: [body.deliveryId] })).toMatchObject({
      status: 202,
      body: { deliveries: 1 },
    });
    await receiver.when(({ length }) => length === before + 2);
    const ids = receiver.received.slice(before).map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual([body.deliveryId, body.deliveryId]);
    await remove(id);
  });

  it.each([
    [{}, '/url'],
    [{ url: 'http://app.example/' }, '/url'],
    [{ url: 'https://169.254.169.254/' }, '/url'],
    [{ url: 'https://user:pw@app.example/' }, '/url'],
    [{ url: `https://app.example/${'x'.repeat(1_000)}` }, '/url'],
    [{ url: 'https://app.example/', events: [] }, '/events'],
    [{ url: 'https://app.example/', events: ['customer.reddy'] }, '/events/0'],
    [{ url: 'https://app.example/', secret: 'whsec_mine' }, '/secret'],
  ])('is refused for %j at %s', async (body, pointer) => {
    expect(await post('', body)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer }] },
    });
    expect((await get('')).body.webhookEndpoints).toEqual([]);
  });

  it.each([
    [{}, ''],
    [{ since: '2026-11-22T10:00:00Z', deliveryIds: ['019abcde-0000-7000-8000-000000000001'] }, ''],
    [{ deliveryIds: [] }, '/deliveryIds'],
    [{ since: 'yesterday' }, '/since'],
  ])('replays nothing for %j', async (body, pointer) => {
    const { id } = await register();
    expect(await post(`/${id}/replay`, body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    const unknown = { deliveryIds: ['019abcde-0000-7000-8000-000000000001'] };
    expect(await post(`/${id}/replay`, unknown)).toMatchObject({
      status: 404,
      body: { code: 'WEBHOOK_DELIVERY_NOT_FOUND' },
    });
    await remove(id);
  });

  it('is for callers with webhooks:write', async () => {
    const key = await makeApiKey(stack.test.database, ['audit:read']);
    const answer = await fetch(new URL(PATH, stack.api.url), { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'SCOPE_MISSING', scope: 'webhooks:write' });
  });

  it('on this machine keeps a production from starting', async () => {
    const env = { ...stack.env, NODE_ENV: 'production', QLIK_ENDPOINT: '' };
    await expect(startApi(env)).rejects.toThrow('WEBHOOK_ALLOW_LOOPBACK: is for development');
    await expect(startWorker(env)).rejects.toThrow('WEBHOOK_ALLOW_LOOPBACK: is for development');
  });
});
