import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import type { AcceptedCustomer } from '../../apps/api/src/customers/customer.schema.js';
import type { Pause, PausePage } from '../../apps/api/src/pauses/pause.schema.js';
import type { Run, RunPage } from '../../apps/api/src/runs/run.schema.js';
import { type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});
afterEach(() => api.database.client.pause.deleteMany());
afterAll(() => api.close());

const set = (body: unknown, key?: string) =>
  api.call<Pause>('POST', '/v1/pauses', { body, ...(key === undefined ? {} : { key }) });
const lift = (id: string) => api.call('DELETE', `/v1/pauses/${id}`);
const list = async (query = '') => (await api.call<z.output<typeof PausePage>>('GET', `/v1/pauses${query}`)).body;

let made = 0;
async function accept(tenantHost?: string): Promise<z.output<typeof AcceptedCustomer>> {
  const body = newCustomer(tenantHost === undefined ? {} : { tenantHost });
  const headers = { 'idempotency-key': `pause-${++made}` };
  return (await api.call<z.output<typeof AcceptedCustomer>>('POST', '/v1/customers', { body, headers })).body;
}

describe('POST /v1/pauses', () => {
  it.each([[{ plan: 'onboarding' }], [{ tenantHost: 'acme.eu.qlikcloud.com' }]])('pauses %j', async (target) => {
    const answer = await set({ ...target, reason: 'maintenance' });
    const other = 'plan' in target ? { tenantHost: null } : { plan: null };
    expect(answer).toMatchObject({ status: 201, body: { ...target, ...other, reason: 'maintenance' } });
    expect(answer.body.actor).toMatch(/^api-key:/);
    expect(await list()).toEqual({ pauses: [answer.body] });
  });

  it('answers 200 with the pause that is there already', async () => {
    const first = await set({ plan: 'onboarding', reason: 'maintenance' });
    const again = await set({ plan: 'onboarding', reason: 'another reason' });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect((await list()).pauses).toHaveLength(1);
  });

  it.each([
    [{ reason: 'r' }, ''],
    [{ plan: 'onboarding', tenantHost: 'acme.eu.qlikcloud.com', reason: 'r' }, ''],
    [{ plan: 'rotate-everything', reason: 'r' }, '/plan'],
    [{ plan: 'onboarding' }, '/reason'],
    [{ plan: 'onboarding', reason: ' ' }, '/reason'],
    [{ plan: 'onboarding', reason: 'r', until: 'tomorrow' }, '/until'],
  ])('refuses %j at "%s"', async (body, pointer) => {
    const answer = await set(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID', errors: [{ pointer }] } });
    expect((await list()).pauses).toEqual([]);
  });

  it.each(['https://acme.eu.qlikcloud.com', 'ACME.eu.qlikcloud.com', '127.0.0.1', 'acme.example.com'])(
    'refuses the host %s as that of a customer',
    async (tenantHost) => {
      expect(await set({ tenantHost, reason: 'r' })).toMatchObject({
        status: 400,
        body: { code: 'TENANT_HOST_INVALID', errors: [{ pointer: '/tenantHost' }] },
      });
    },
  );

  it('asks for runs:write, and for reading runs:read', async () => {
    const { key } = await api.makeKey(['runs:read']);
    expect(await set({ plan: 'onboarding', reason: 'r' }, key)).toMatchObject({
      status: 403,
      body: { code: 'SCOPE_MISSING', scope: 'runs:write' },
    });
    expect(await api.call('GET', '/v1/pauses', { key })).toMatchObject({ status: 200 });
    const writer = await api.makeKey(['runs:write']);
    expect(await api.call('GET', '/v1/pauses', { key: writer.key })).toMatchObject({ status: 403 });
  });

  it('is audited in the chain of the installation, and so is the lifting', async () => {
    const { body } = await set({ plan: 'onboarding', reason: 'maintenance' });
    await lift(body.id);
    const events = await api.call<{ events: object[] }>('GET', '/v1/audit-events?chain=system&limit=2');
    const what = {
      actor: body.actor,
      subject: { pauseId: body.id },
      data: { plan: 'onboarding', tenantHostSha256: null, reason: 'maintenance' },
    };
    expect(events.body.events).toEqual([
      expect.objectContaining({ action: 'pause.lifted', ...what }),
      expect.objectContaining({ action: 'pause.set', ...what }),
    ]);
  });
});

describe('GET /v1/pauses', () => {
  it('lists those in force page by page, newest first', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      ids.unshift((await set({ tenantHost: `${name}.eu.qlikcloud.com`, reason: 'r' })).body.id);
    }
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect([...first.pauses, ...second.pauses].map(({ id }) => id)).toEqual(ids);
    expect(second).not.toHaveProperty('nextCursor');
  });
});

describe('DELETE /v1/pauses/{id}', () => {
  it('lifts the pause, once', async () => {
    const { body } = await set({ plan: 'onboarding', reason: 'r' });
    expect(await lift(body.id)).toMatchObject({ status: 204, body: '' });
    expect(await lift(body.id)).toMatchObject({ status: 404, body: { code: 'PAUSE_NOT_FOUND' } });
    expect(await lift('nonsense')).toMatchObject({ status: 404, body: { code: 'PAUSE_NOT_FOUND' } });
  });
});

describe('a run that a pause holds', () => {
  const get = (id: string, headers: Record<string, string> = {}) => api.call<Run>('GET', `/v1/runs/${id}`, { headers });

  it('says so from its acceptance on, until the pause is lifted', async () => {
    const { body: pause } = await set({ tenantHost: 'held.eu.qlikcloud.com', reason: 'maintenance' });
    const { run } = await accept('held.eu.qlikcloud.com');
    const other = await accept();
    expect(run.pausedBy).toEqual(pause);
    expect(other.run.pausedBy).toBeNull();
    expect((await get(run.id)).body.pausedBy).toEqual(pause);
    const page = await api.call<z.output<typeof RunPage>>('GET', '/v1/runs?limit=2');
    expect(page.body.runs.map(({ id, pausedBy }) => [id, pausedBy?.id])).toEqual([
      [other.run.id, undefined],
      [run.id, pause.id],
    ]);
    await lift(pause.id);
    expect((await get(run.id)).body.pausedBy).toBeNull();
  });

  it('has another ETag while it is held, which If-Match takes all the same', async () => {
    const { run } = await accept();
    const before = (await get(run.id)).headers.get('etag')!;
    const { body: pause } = await set({ plan: 'onboarding', reason: 'r' });
    const held = await get(run.id, { 'if-none-match': before });
    expect(held).toMatchObject({ status: 200, body: { pausedBy: { id: pause.id } } });
    const etag = held.headers.get('etag')!;
    expect((await get(run.id, { 'if-none-match': etag })).status).toBe(304);
    const headers = { 'if-match': etag };
    const cancelled = await api.call<Run>('POST', `/v1/runs/${run.id}/cancel`, { body: { reason: 'r' }, headers });
    expect(cancelled).toMatchObject({ status: 202, body: { cancelRequested: true, pausedBy: { id: pause.id } } });
    const stale = await api.call('POST', `/v1/runs/${run.id}/cancel`, { body: { reason: 'r' }, headers });
    expect(stale).toMatchObject({ status: 412 });
  });
});
