import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@app/http';
import type { z } from 'zod';
import type { AcceptedCustomer } from '../../apps/api/src/customers/customer.schema.js';
import { type Answer, type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

type Accepted = z.output<typeof AcceptedCustomer>;
type Result = Partial<Accepted> & { problem?: Problem };

const PATH = '/v1/customers/batch';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

const send = <Body = { results: Result[] }>(body: unknown, key: string, headers = {}): Promise<Answer<Body>> =>
  api.call<Body>('POST', PATH, { body, headers: { 'idempotency-key': key, ...headers } });

const signUp = (customers: unknown[], key: string) => send({ customers }, key);

const create = <Body = Accepted>(body: unknown, key: string): Promise<Answer<Body>> =>
  api.call<Body>('POST', '/v1/customers', { body, headers: { 'idempotency-key': key } });

const idsOf = ({ body }: Answer<{ results: Result[] }>) => body.results.map(({ customer }) => customer?.id);

const rows = () => {
  const { customer, run, idempotencyKey, auditEvent } = api.database.client;
  return Promise.all([customer.count(), run.count(), idempotencyKey.count(), auditEvent.count()]);
};

describe('POST /v1/customers/batch', () => {
  it('answers each item in its order, and lets none hold up the others', async () => {
    const [one, two, three] = [newCustomer(), newCustomer(), newCustomer({ metadata: { plan: 'gold' } })];
    const items = [
      one,
      { ...newCustomer(), name: 5, colour: 'red' },
      two,
      newCustomer({ tenantHost: 'acme.eu.example.com' }),
      'no object',
      three,
    ];
    const answer = await signUp(items, 'mixed');
    expect(answer.status).toBe(202);
    expect(answer.headers.get('idempotency-replayed')).toBeNull();
    const { results } = answer.body;
    expect(results).toMatchObject([
      { customer: { externalId: one.externalId, state: 'onboarding' }, run: { plan: 'onboarding', state: 'queued' } },
      { problem: { status: 400, code: 'REQUEST_INVALID', instance: PATH } },
      { customer: { externalId: two.externalId } },
      { problem: { status: 400, code: 'TENANT_HOST_INVALID', errors: [{ pointer: '/tenantHost' }] } },
      { problem: { code: 'REQUEST_INVALID', errors: [{ pointer: '' }] } },
      { customer: { externalId: three.externalId, metadata: { plan: 'gold' } } },
    ]);
    expect(results[1]!.problem).toMatchObject({
      ...{ type: '/problems/request-invalid', title: 'The request does not match its schema' },
      errors: [{ pointer: '/name' }, { pointer: '/colour', message: 'is not a field of this request' }],
      requestId: answer.headers.get('x-request-id'),
    });
    for (const { customer, run } of results.filter((result) => result.customer !== undefined)) {
      expect(run!.customerId).toBe(customer!.id);
      expect(customer!.currentRunId).toBe(run!.id);
      expect((await api.call('GET', `/v1/customers/${customer!.id}`)).body).toEqual(customer);
      const audit = await api.call<{ events: { action: string }[] }>(
        'GET',
        `/v1/audit-events?customerId=${customer!.id}`,
      );
      expect(audit.body.events).toMatchObject([{ action: 'customer.accepted', subject: { runId: run!.id } }]);
    }
  });

  it('refuses a dry run of an item by name', async () => {
    const { body } = await signUp([newCustomer({ dryRun: true })], 'dry');
    expect(body.results).toMatchObject([{ problem: { code: 'REQUEST_INVALID', errors: [{ pointer: '/dryRun' }] } }]);
  });

  it('gives what is asked for twice to the first, and says so to the others', async () => {
    const [one, two] = [newCustomer(), newCustomer()];
    const items = [
      one,
      newCustomer({ externalId: one.externalId }),
      newCustomer({ tenantHost: two.tenantHost, name: ' ' }),
      two,
      newCustomer({ tenantHost: two.tenantHost }),
      one,
    ];
    const { body } = await signUp(items, 'twice');
    const [first, , , fourth] = body.results;
    expect(body.results).toMatchObject([
      { customer: { externalId: one.externalId } },
      { problem: { status: 409, code: 'EXTERNAL_ID_TAKEN', customerId: first!.customer!.id } },
      { problem: { status: 400, code: 'REQUEST_INVALID' } },
      { customer: { externalId: two.externalId } },
      { problem: { status: 409, code: 'TENANT_HOST_TAKEN', customerId: fourth!.customer!.id } },
      { problem: { status: 409, code: 'EXTERNAL_ID_TAKEN', customerId: first!.customer!.id } },
    ]);
  });

  it('gives the same customers and their newest runs for the same key and body, and tries again what was refused', async () => {
    const holder = (await create(newCustomer(), 'holder')).body.customer;
    const items = [newCustomer(), newCustomer({ externalId: holder.externalId }), newCustomer()];
    const first = await signUp(items, 'again');
    expect(first.body.results[1]).toMatchObject({ problem: { code: 'EXTERNAL_ID_TAKEN' } });
    await api.database.client.customer.update({ where: { id: holder.id }, data: { state: 'offboarded' } });
    const [customerId] = idsOf(first);
    const newer = await api.database.client.run.create({
      data: {
        ...{ id: 'ffffffff-0000-7000-8000-000000000000', customerId: customerId!, plan: 'rotation', holdsSlot: false },
        ...{ requestId: 'r', actor: 'a', deadlineAt: new Date() },
      },
    });
    const again = await signUp([{ ...items[0], scopes: ['user_default'] }, ...items.slice(1)], 'again');
    expect(again.status).toBe(202);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body.results[0]).toMatchObject({ customer: { id: customerId }, run: { id: newer.id } });
    expect(again.body.results[1]).toMatchObject({ customer: { externalId: holder.externalId, state: 'onboarding' } });
    expect(again.body.results[2]).toEqual(first.body.results[2]);
    expect((await signUp(items, 'again')).body).toEqual(again.body);
  });

  it('refuses a key that came with another body, and a key that was used for a single sign-up, and the other way round', async () => {
    const items = [newCustomer(), newCustomer()];
    await signUp(items, 'batch-key');
    const single = newCustomer();
    const { customer } = (await create(single, 'single-key')).body;
    const before = await rows();
    const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED', status: 422 } };
    expect(await signUp([...items].reverse(), 'batch-key')).toMatchObject(reused);
    expect(await signUp(items.slice(1), 'batch-key')).toMatchObject(reused);
    expect(await create(items[0], 'batch-key')).toMatchObject(reused);
    expect(await signUp([single], 'single-key')).toMatchObject({ status: 422, body: { customerId: customer.id } });
    expect(await rows()).toEqual(before);
  });

  it('keeps the keys of two callers apart', async () => {
    const { key } = await api.makeKey(['customers:write']);
    const mine = await signUp([newCustomer()], 'shared');
    const theirs = await api.call<{ results: Result[] }>('POST', PATH, {
      ...{ key, body: { customers: [newCustomer()] }, headers: { 'idempotency-key': 'shared' } },
    });
    expect(theirs).toMatchObject({ status: 202, body: { results: [{ customer: { state: 'onboarding' } }] } });
    expect(idsOf(theirs)).not.toEqual(idsOf(mine));
  });

  it('makes each customer once of 50 equal requests at once', async () => {
    const items = [newCustomer(), newCustomer(), newCustomer({ name: 5 }), newCustomer(), newCustomer()];
    const before = await rows();
    const answers = await Promise.all(Array.from({ length: 50 }, () => signUp(items, 'at-once')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => JSON.stringify(idsOf(answer)))).size).toBe(1);
    expect(idsOf(answers[0]!).filter((id) => id !== undefined)).toHaveLength(4);
    const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
    expect(replayed).toHaveLength(49);
    // Four customers, their runs and events; their keys and the batch's.
    expect(await rows()).toEqual([before[0] + 4, before[1] + 4, before[2] + 5, before[3] + 4]);
  });

  it('is documented as a list of what one sign-up takes, though each item is judged for itself', async () => {
    interface Document {
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: { $ref: string } }> } } }>;
      components: { schemas: Record<string, { properties: Record<string, object> }> };
    }
    const { paths, components } = (await api.call<Document>('GET', '/openapi.json')).body;
    const { $ref } = paths[PATH]!.post.requestBody.content['application/json']!.schema;
    expect(components.schemas[$ref.slice('#/components/schemas/'.length)]!.properties.customers).toMatchObject({
      ...{ type: 'array', minItems: 1, maxItems: 1_000 },
      items: { $ref: expect.stringMatching(/^#\/components\/schemas\/NewCustomer/) },
    });
  });

  it('reads a body that is longer than that of any other route', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, 'v'.repeat(500)]));
    const { status, body } = await signUp(
      Array.from({ length: 20 }, () => newCustomer({ metadata })),
      'long',
    );
    expect(status).toBe(202);
    expect(body.results.filter(({ customer }) => customer !== undefined)).toHaveLength(20);
  });
});

describe('bad input to POST /v1/customers/batch', () => {
  const bodies: Record<string, [string, unknown]> = {
    'no customers': ['/customers', {}],
    'an empty list': ['/customers', { customers: [] }],
    'more than 1,000 customers': ['/customers', { customers: Array(1_001).fill(newCustomer()) }],
    'customers that are no list': ['/customers', { customers: newCustomer() }],
    'an unknown field': ['/dryRun', { customers: [newCustomer()], dryRun: true }],
    'a list': ['', [newCustomer()]],
  };
  it.each(Object.entries(bodies))('refuses %s as a whole', async (_, [pointer, body]) => {
    const before = await rows();
    expect(await send(body, 'whole')).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', instance: PATH, errors: [{ pointer }] },
    });
    expect(await rows()).toEqual(before);
  });

  it('survives an item nested without end', async () => {
    const depth = 200_000;
    const answer = await send(`{"customers": [${'['.repeat(depth)}${']'.repeat(depth)}]}`, 'deep');
    expect(answer).toMatchObject({ status: 202, body: { results: [{ problem: { code: 'REQUEST_INVALID' } }] } });
  });

  it('asks for an Idempotency-Key without spaces', async () => {
    const body = { customers: [newCustomer()] };
    expect(await api.call('POST', PATH, { body })).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY_KEY_REQUIRED' },
    });
    expect(await send(body, 'a b')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/idempotency-key' }] },
    });
  });

  it('asks for customers:write', async () => {
    const { key } = await api.makeKey(['customers:read']);
    expect(await api.call('POST', PATH, { key, body: { customers: [newCustomer()] } })).toMatchObject({
      status: 403,
      body: { code: 'SCOPE_MISSING', scope: 'customers:write' },
    });
  });

  /** Sends the head of a request whose body does not come, and returns the answer to that. */
  const sendHead = (headers: Record<string, string>) =>
    new Promise<{ status: number; body: Problem }>((resolve, reject) => {
      const request = httpRequest(new URL(PATH, api.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'head', ...headers },
      });
      request.on('response', (response) => {
        void text(response).then((body) => {
          resolve({ status: response.statusCode!, body: JSON.parse(body) });
          request.destroy();
        }, reject);
      });
      request.on('error', reject);
      request.flushHeaders();
    });

  it('refuses a body over the limit, in the form of every problem', async () => {
    const headers = { authorization: `Bearer ${api.key}`, 'content-length': String(32 * 1024 * 1024 + 1) };
    expect(await sendHead(headers)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE', instance: PATH } });
  });

  it('reads no body of a caller that it does not know', async () => {
    const refused = await sendHead({ authorization: 'Bearer nobody', 'content-length': '1000000' });
    expect(refused).toMatchObject({ status: 401, body: { code: 'API_KEY_MALFORMED', instance: PATH } });
  });
});
