import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient, type NewCustomer, signUp, unwrap, waitForRun } from 'tenant-provisioner-client';
import { Stack } from '../stack.js';

const newCustomer = (name: string): NewCustomer => ({
  externalId: name,
  name,
  tenantHost: `${name}.eu.qlikcloud.com`,
});

/** Something that happens to an answer of the API on its way. */
type Mishap = (answer: Response) => Response;
const lost: Mishap = () => {
  throw new TypeError('fetch failed');
};
const replaced =
  (status: number): Mishap =>
  () =>
    new Response(null, { status, headers: { 'retry-after': '0' } });

describe('the typed client', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.start();
  });
  afterAll(() => stack.close());

  const connect = (fetch?: (request: Request) => Promise<Response>) =>
    createClient({
      baseUrl: stack.api.url,
      apiKey: stack.apiKey,
      retry: { backoffMs: 10 },
      ...(fetch === undefined ? {} : { fetch }),
    });

  /** A client to whose answers these things happen, one after the other, and the keys it sent. */
  function connectUnluckily(...mishaps: Mishap[]) {
    const keys: (string | null)[] = [];
    const client = connect(async (request) => {
      keys.push(request.headers.get('idempotency-key'));
      const mishap = mishaps.shift();
      const answer = await fetch(request);
      return mishap === undefined ? answer : mishap(answer);
    });
    return { client, keys };
  }

  const customersNamed = async (externalId: string) =>
    (await unwrap(connect().GET('/v1/customers', { params: { query: { externalId } } }))).customers;

  it('is made of the document that the API serves', async () => {
    const { body } = await stack.call('GET', '/openapi.json');
    expect(JSON.parse(readFileSync('clients/typescript/openapi.json', 'utf8'))).toEqual(body);
  });

  it('signs a customer up, waits until it is ready and reads its credentials', async () => {
    const client = connect();
    const { customer, run } = await signUp(client, newCustomer('acme'));
    const states: string[] = [];
    const ended = await waitForRun(client, run.id, { onProgress: ({ state }) => void states.push(state) });
    expect(ended).toMatchObject({ id: run.id, plan: 'onboarding', state: 'succeeded', customerId: customer.id });
    expect(states.at(-1)).toBe('succeeded');

    const params = { path: { id: customer.id } };
    const { state } = await unwrap(client.GET('/v1/customers/{id}', { params }));
    expect(state).toBe('ready');
    const credentials = await unwrap(client.GET('/v1/customers/{id}/credentials', { params }));
    expect(credentials).toMatchObject({ tenantHost: 'acme.eu.qlikcloud.com', version: 1 });
    expect(credentials.clientSecret).toEqual(expect.any(String));
    const acknowledged = client.POST('/v1/customers/{id}/credentials/acknowledgements', {
      params,
      body: { version: credentials.version },
    });
    expect(await unwrap(acknowledged)).toBeUndefined();
  });

  it.each<[string, string, Mishap]>([
    ['429', 'limited', replaced(429)],
    ['503', 'unavailable', replaced(503)],
    ['lost answer', 'lost', lost],
  ])('makes one customer though its request was followed by a %s', async (_what, name, mishap) => {
    const { client, keys } = connectUnluckily(mishap, mishap);
    const { customer } = await signUp(client, newCustomer(name));
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(await customersNamed(name)).toMatchObject([{ id: customer.id }]);
  });

  it('finds its customer again by a key of the caller, in another process too', async () => {
    const once = { idempotencyKey: 'signup-again' };
    const { customer } = await signUp(connect(), newCustomer('again'), once);
    const again = connect().POST('/v1/customers', {
      body: newCustomer('again'),
      params: { header: { 'Idempotency-Key': once.idempotencyKey } },
    });
    expect(await unwrap(again)).toMatchObject({ customer: { id: customer.id } });
    expect((await again).response.headers.get('idempotency-replayed')).toBe('true');
  });

  it('throws what the API refuses, with its code and the parts that are wrong', async () => {
    const client = connect();
    const refused = signUp(client, { ...newCustomer('refused'), name: 'x'.repeat(201) });
    await expect(refused).rejects.toMatchObject({
      name: 'ProblemError',
      status: 400,
      code: 'REQUEST_INVALID',
      errors: [{ pointer: '/name', message: expect.any(String) }],
      requestId: expect.any(String),
    });
    const { customer } = await signUp(client, newCustomer('taken'));
    const taken = signUp(client, newCustomer('taken'));
    await expect(taken).rejects.toMatchObject({ code: 'EXTERNAL_ID_TAKEN', problem: { customerId: customer.id } });
    expect(await customersNamed('refused')).toEqual([]);
  });

  it('throws when a run needs attention, and takes it up again once it was retried', async () => {
    const client = connect();
    const body = { ...newCustomer('unmanaged'), tenantHost: 'unmanaged.us.qlikcloud.com' };
    const { run } = await signUp(client, body);
    const thrown: any = await waitForRun(client, run.id).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'RunStoppedError', run: { id: run.id, state: 'needs_attention' } });
    expect(thrown.code).toBe(thrown.run.error.code);

    const params = { path: { id: run.id } };
    const { response } = await client.GET('/v1/runs/{id}', { params });
    const header = { 'If-Match': response.headers.get('etag')! };
    const retried = await unwrap(
      client.POST('/v1/runs/{id}/retry', { params: { ...params, header }, body: { reason: 'a test' } }),
    );
    expect(retried.state).toBe('queued');
    await expect(waitForRun(client, run.id)).rejects.toMatchObject({ name: 'RunStoppedError' });
  });
});
