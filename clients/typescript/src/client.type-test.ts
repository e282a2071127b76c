/* Never run: what may not compile, and what must. `npm run check:types` reads it. */
import {
  type AcceptedCustomer,
  createClient,
  type Customer,
  type NewCustomer,
  type ProblemCode,
  type Run,
  signUp,
  unwrap,
  verifyWebhook,
} from './index.js';

const client = createClient({ baseUrl: 'https://onboarding.example', apiKey: 'tp_key' });
const body = { externalId: '4711', name: 'Acme', tenantHost: 'acme.eu.qlikcloud.com' };
const params = { path: { id: 'c' } };

/** Whether two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const exactly =
  <Wanted>() =>
  <Got>(_value: Got, ..._no: Same<Wanted, Got> extends true ? [] : ['another type']): void =>
    undefined;

export async function whatCompiles(): Promise<void> {
  exactly<AcceptedCustomer>()(await signUp(client, { ...body, scopes: ['user_default'] }));
  await signUp(client, body, { idempotencyKey: 'signup-4711' });
  await client.POST('/v1/customers', { body, params: { header: { 'Idempotency-Key': 'signup-4711' } } });
  await client.GET('/v1/customers');

  exactly<Customer>()(await unwrap(client.GET('/v1/customers/{id}', { params })));
  exactly<Run>()(await unwrap(client.GET('/v1/runs/{id}', { params })));
  const acknowledgement = { params, body: { version: 1 } };
  exactly<undefined>()(await unwrap(client.POST('/v1/customers/{id}/credentials/acknowledgements', acknowledgement)));

  const { data, error } = await client.GET('/v1/customers/{id}', { params });
  if (error !== undefined) error.code satisfies string;
  else data.tenantHost satisfies string;
  'A_CODE_OF_A_NEWER_API' satisfies ProblemCode;
}

export async function whatDoesNotCompile(): Promise<void> {
  // @ts-expect-error -- a member that the API refuses
  ({ ...body, tenant: 'acme' }) satisfies NewCustomer;
  // @ts-expect-error -- the same
  await signUp(client, { ...body, tenant: 'acme' });
  // @ts-expect-error -- a member is missing
  await client.POST('/v1/customers', { body: { externalId: '4711', name: 'Acme' } });
  // @ts-expect-error -- a member of another type
  await client.POST('/v1/customers', { body: { ...body, redirectUris: 'https://acme.example' } });
  // @ts-expect-error -- no body
  await client.POST('/v1/customers');
  // @ts-expect-error -- no such path
  await client.GET('/v1/customer');
  // @ts-expect-error -- no such method of the path
  await client.PUT('/v1/customers', { body });
  // @ts-expect-error -- no id
  await client.GET('/v1/customers/{id}');
  // @ts-expect-error -- no If-Match
  await client.POST('/v1/runs/{id}/retry', { params, body: { reason: 'mended' } });
  // @ts-expect-error -- no such state
  await client.GET('/v1/customers', { params: { query: { state: 'happy' } } });
  const { data } = await client.GET('/v1/customers/{id}', { params });
  // @ts-expect-error -- there may have been a problem
  data.id satisfies string;

  // @ts-expect-error -- no credential
  createClient({ baseUrl: 'https://onboarding.example' });
  // @ts-expect-error -- two credentials
  createClient({ baseUrl: 'https://onboarding.example', apiKey: 'tp_key', token: 'token' });
  // @ts-expect-error -- a parsed body
  verifyWebhook({ type: 'customer.ready' }, {}, 'whsec_');
}
