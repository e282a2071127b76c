import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import type { AcceptedCustomer, Customer, CustomerPage } from '../../apps/api/src/customers/customer.schema.js';
import { type Answer, type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

type Accepted = z.output<typeof AcceptedCustomer>;

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

const create = <Body = Accepted>(body: unknown, key: string, headers = {}): Promise<Answer<Body>> =>
  api.call<Body>('POST', '/v1/customers', { body, headers: { 'idempotency-key': key, ...headers } });

describe('POST /v1/customers', () => {
  it('accepts a customer: 202 with customer, run and its address', async () => {
    const body = newCustomer({
      metadata: { plan: 'gold', note: '' },
      redirectUris: ['https://app.example/cb', 'http://localhost:3000/cb'],
      allowedOrigins: ['https://app.example'],
      verificationUser: { field: 'subject', value: 'qlik|jane' },
      rotation: {
        intervalSeconds: 86_400,
        graceSeconds: 3_600,
        blackout: [{ from: '22:00', to: '06:00', days: ['sat', 'sun'] }],
        timeZone: 'Europe/Berlin',
        acknowledgement: 'call',
      },
    });
    const answer = await create(body, 'first', { 'x-request-id': 'my-request-1' });
    expect(answer).toMatchObject({
      status: 202,
      body: {
        customer: {
          ...{ ...body, state: 'onboarding', scopes: ['user_default'], readyAt: null },
          ...{ rotatesAt: null, clientId: null, currentSecret: null },
        },
        run: { plan: 'onboarding', state: 'queued', input: {}, steps: [], error: null, cancelRequested: false },
      },
    });
    const { customer, run } = answer.body;
    expect(answer.headers.get('location')).toBe(`/v1/runs/${run.id}`);
    expect(answer.headers.get('idempotency-replayed')).toBeNull();
    expect(answer.headers.get('x-request-id')).toBe('my-request-1');
    expect(customer.currentRunId).toBe(run.id);
    const row = await api.database.client.run.findUniqueOrThrow({ where: { id: run.id } });
    expect(row).toMatchObject({ requestId: 'my-request-1', customerId: customer.id });
    const read = await api.call<Customer>('GET', `/v1/customers/${customer.id}`);
    expect(read).toMatchObject({ status: 200, body: customer });
  });

  it('carries the trace of the caller into the run, and begins one otherwise', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const traced = await create(newCustomer(), 'traced', { traceparent });
    const untraced = await create(newCustomer(), 'untraced', { traceparent: 'nonsense' });
    const rowOf = (answer: Answer<Accepted>) =>
      api.database.client.run.findUniqueOrThrow({ where: { id: answer.body.run.id } });
    expect((await rowOf(traced)).traceparent).toBe(traceparent);
    expect((await rowOf(untraced)).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('answers 50 equal requests at once with one customer', async () => {
    const body = newCustomer();
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(body, 'at-once')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.body.customer.id)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.body.run.id)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
    expect(replayed).toHaveLength(49);
    expect(await api.database.client.customer.count({ where: { externalId: String(body.externalId) } })).toBe(1);
  });

  it('answers a later repetition with the same customer', async () => {
    const body = newCustomer();
    const first = await create(body, 'later');
    const again = await create({ ...body, scopes: ['user_default'] }, 'later');
    expect(again.status).toBe(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('refuses a reused key with 422', async () => {
    const body = newCustomer();
    await create(body, 'reused');
    expect(await create({ ...body, name: 'Other' }, 'reused')).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED', type: '/problems/idempotency-key-reused', status: 422 },
    });
  });

  it.each([
    ['externalId', 'EXTERNAL_ID_TAKEN'],
    ['tenantHost', 'TENANT_HOST_TAKEN'],
  ])('refuses a taken %s with 409, naming the customer', async (field, code) => {
    const body = newCustomer();
    const { customer } = (await create(body, `holder-${field}`)).body;
    const answer = await create(newCustomer({ [field]: body[field] }), `taker-${field}`);
    expect(answer).toMatchObject({
      status: 409,
      body: { code, customerId: customer.id, errors: [{ pointer: `/${field}` }] },
    });
  });
});

describe('GET /v1/customers', () => {
  it('pages, and filters', async () => {
    const body = newCustomer({ name: 'Needle in a haystack' });
    const { customer } = (await create(body, 'needle')).body;
    const first = await api.call<z.output<typeof CustomerPage>>('GET', '/v1/customers?limit=1');
    expect(first).toMatchObject({ status: 200, body: { customers: [{ id: customer.id }], nextCursor: customer.id } });
    const second = await api.call<z.output<typeof CustomerPage>>('GET', `/v1/customers?limit=1&cursor=${customer.id}`);
    expect(second.body.customers[0]?.id).not.toBe(customer.id);
    for (const query of [
      `externalId=${String(body.externalId)}`,
      'q=needle',
      `tenantHost=${String(body.tenantHost)}&state=onboarding`,
    ]) {
      const found = await api.call<z.output<typeof CustomerPage>>('GET', `/v1/customers?${query}`);
      expect(found.body.customers.map(({ id }) => id)).toEqual([customer.id]);
    }
  });

  it.each([
    ['/limit', 'limit=0'],
    ['/limit', 'limit=101'],
    ['/limit', 'limit=x'],
    ['/state', 'state=lost'],
    ['/state', 'state=ready&state=failed'],
    ['/cursor', 'cursor=x'],
    ['/colour', 'colour=red'],
    ['/q', 'q=%00'],
  ])('refuses %s in ?%s', async (pointer, query) => {
    expect(await api.call('GET', `/v1/customers?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer }] },
    });
  });

  it.each(['x', '%00', '0195b1c0-0000-7000-8000-000000000000', 'x'.repeat(150)])(
    'answers 404 for the id %s',
    async (id) => {
      expect(await api.call('GET', `/v1/customers/${id}`)).toMatchObject({
        status: 404,
        body: { code: 'CUSTOMER_NOT_FOUND' },
      });
    },
  );
});
