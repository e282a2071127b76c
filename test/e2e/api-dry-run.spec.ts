import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import type { AcceptedCustomer } from '../../apps/api/src/customers/customer.schema.js';
import type { DryRun } from '../../apps/api/src/customers/dry-run.schema.js';
import type { Run } from '../../apps/api/src/runs/run.schema.js';
import { type ApiUnderTest, type Call, newCustomer, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

const tryOut = <Body = DryRun>(body: unknown, call: Call = {}) =>
  api.call<Body>('POST', '/v1/customers', { ...call, body });

const rows = () => {
  const { customer, run, idempotencyKey, auditEvent } = api.database.client;
  return Promise.all([customer.count(), run.count(), idempotencyKey.count(), auditEvent.count()]);
};

const taken = async () => {
  const body = newCustomer();
  const headers = { 'idempotency-key': String(body.externalId) };
  const { customer } = (await api.call<z.output<typeof AcceptedCustomer>>('POST', '/v1/customers', { body, headers }))
    .body;
  return customer;
};

describe.each([true, 'tenant'])('POST /v1/customers with dryRun %j', (dryRun) => {
  it.each([
    ['externalId', 'EXTERNAL_ID_TAKEN'],
    ['tenantHost', 'TENANT_HOST_TAKEN'],
  ] as const)('refuses a taken %s as a sign-up would, and writes nothing', async (field, code) => {
    const holder = await taken();
    const before = await rows();
    expect(await tryOut(newCustomer({ [field]: holder[field], dryRun }))).toMatchObject({
      status: 409,
      body: { code, customerId: holder.id, errors: [{ pointer: `/${field}` }] },
    });
    expect(await rows()).toEqual(before);
  });

  it.each([
    ['/tenantHost', 'TENANT_HOST_INVALID', { tenantHost: 'acme.eu.example.com' }],
    ['/name', 'REQUEST_INVALID', { name: 5 }],
    ['/colour', 'REQUEST_INVALID', { colour: 'red' }],
  ])('refuses what does not fit at %s, and writes nothing', async (pointer, code, changes) => {
    const before = await rows();
    expect(await tryOut(newCustomer({ ...changes, dryRun }))).toMatchObject({
      status: 400,
      body: { code, errors: [{ pointer }] },
    });
    expect(await rows()).toEqual(before);
  });

  it('asks for customers:write', async () => {
    const { key } = await api.makeKey(['customers:read', 'runs:write']);
    expect(await tryOut(newCustomer({ dryRun }), { key })).toMatchObject({
      status: 403,
      body: { scope: 'customers:write' },
    });
  });
});

describe('POST /v1/customers with dryRun true', () => {
  it('says what would be stored, and writes nothing', async () => {
    const body = newCustomer({ metadata: { plan: 'gold' }, rotation: { graceSeconds: 60 } });
    const before = await rows();
    const { status, headers, body: answer } = await tryOut({ ...body, dryRun: true });
    expect(status).toBe(200);
    expect(headers.get('location')).toBeNull();
    expect(answer).toEqual({
      dryRun: true,
      customer: {
        ...{ externalId: body.externalId, name: body.name, tenantHost: body.tenantHost },
        ...{ redirectUris: [], allowedOrigins: [], scopes: ['user_default'], verificationUser: null },
        ...{ rotation: { graceSeconds: 60 }, metadata: { plan: 'gold' } },
      },
    });
    expect(await rows()).toEqual(before);
  });

  it('does not use up the key that it comes with', async () => {
    const body = newCustomer();
    const headers = { 'idempotency-key': 'not-used-up' };
    expect((await tryOut({ ...body, dryRun: true }, { headers })).status).toBe(200);
    const first = await tryOut<z.output<typeof AcceptedCustomer>>({ ...body, dryRun: false }, { headers });
    expect(first).toMatchObject({ status: 202, body: { customer: { externalId: body.externalId } } });
    const again = await tryOut<z.output<typeof AcceptedCustomer>>(body, { headers });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
  });

  it.each(['Tenant', 'yes', 1, null])('refuses the dryRun %j', async (dryRun) => {
    expect(await tryOut(newCustomer({ dryRun }))).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer: '/dryRun' }] },
    });
  });
});

describe('POST /v1/customers with dryRun "tenant"', () => {
  const start = async (body: object) => {
    const answer = await tryOut<{ run: Run }>({ ...body, dryRun: 'tenant' });
    expect(answer.status).toBe(202);
    return answer;
  };

  it('begins a run that is for nobody yet, and reserves nothing', async () => {
    const body = newCustomer();
    const before = await rows();
    const { headers, body: answer } = await start(body);
    const { run } = answer;
    expect(Object.keys(answer)).toEqual(['run']);
    expect(headers.get('location')).toBe(`/v1/runs/${run.id}`);
    expect(run).toMatchObject({
      ...{ plan: 'preflight', state: 'queued', customerId: null, input: { tenantHost: body.tenantHost }, steps: [] },
      pausedBy: null,
    });
    expect(await rows()).toEqual([before[0], before[1] + 1, before[2], before[3] + 1]);
    expect((await api.call('GET', `/v1/runs/${run.id}`)).body).toEqual(run);
    const { body: page } = await api.call<{ runs: Run[] }>('GET', '/v1/runs?plan=preflight&limit=1');
    expect(page.runs).toEqual([run]);

    const { events } = (
      await api.call<{ events: Record<string, unknown>[] }>('GET', '/v1/audit-events?chain=system&limit=1')
    ).body;
    expect(events).toMatchObject([
      { action: 'preflight.requested', subject: { runId: run.id }, requestId: headers.get('x-request-id') },
    ]);
    expect(JSON.stringify(events)).not.toContain(String(body.tenantHost));

    const second = await start(body);
    expect(second.body.run.id).not.toBe(run.id);
    const signUp = await tryOut(body, { headers: { 'idempotency-key': 'after-preflights' } });
    expect(signUp.status).toBe(202);
  });

  it('is held by a pause of its tenant, and by one of its plan', async () => {
    const body = newCustomer();
    const { run } = (await start(body)).body;
    const other = (await start(newCustomer())).body.run;
    const read = async (id: string) => (await api.call<Run>('GET', `/v1/runs/${id}`)).body.pausedBy;
    for (const [target, othersToo] of [
      [{ tenantHost: body.tenantHost }, false],
      [{ plan: 'preflight' }, true],
    ] as const) {
      const { body: pause } = await api.call<{ id: string }>('POST', '/v1/pauses', {
        body: { ...target, reason: 'maintenance' },
      });
      expect(await read(run.id)).toMatchObject({ id: pause.id });
      expect((await read(other.id)) !== null).toBe(othersToo);
      await api.call('DELETE', `/v1/pauses/${pause.id}`);
      expect(await read(run.id)).toBeNull();
    }
  });

  it('can be cancelled and retried, which the audit tells of in the chain of what belongs to no customer', async () => {
    const { run } = (await start(newCustomer())).body;
    const change = async (verb: string) => {
      const { headers } = await api.call('GET', `/v1/runs/${run.id}`);
      const call = { body: { reason: 'a test' }, headers: { 'if-match': headers.get('etag')! } };
      return api.call<Run>('POST', `/v1/runs/${run.id}/${verb}`, call);
    };
    expect(await change('cancel')).toMatchObject({ status: 202, body: { cancelRequested: true, customerId: null } });
    await api.database.client.run.update({ where: { id: run.id }, data: { state: 'failed' } });
    expect(await change('retry')).toMatchObject({ status: 202, body: { state: 'queued', customerId: null } });
    const { events } = (
      await api.call<{ events: { action: string; subject: object }[] }>('GET', '/v1/audit-events?chain=system&limit=2')
    ).body;
    expect(events.map(({ action, subject }) => ({ action, subject }))).toEqual([
      { action: 'run.retried', subject: { runId: run.id } },
      { action: 'run.cancel_requested', subject: { runId: run.id } },
    ]);
  });
});
