import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import { type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

describe('a request about a rotation', () => {
  let api: ApiUnderTest;
  let customerId: string;

  beforeAll(async () => {
    api = await startApiUnderTest();
    customerId = await makeCustomer();
  });

  afterAll(() => api.close());

  async function makeCustomer(): Promise<string> {
    const call = { body: newCustomer(), headers: { 'idempotency-key': uuidv7() } };
    return (await api.call<{ customer: { id: string } }>('POST', '/v1/customers', call)).body.customer.id;
  }

  const requests = [
    ['rotations', 'secrets:rotate', { mode: 'emergency', reason: 'r' }],
    ['rotations/rollback', 'secrets:rotate', { reason: 'r' }],
    ['credentials/acknowledgements', 'secrets:read', { version: 1 }],
  ] as const;

  it.each(requests)('asks for its scope: %s', async (path, scope, body) => {
    const { key } = await api.makeKey(['customers:write', 'runs:write', 'tokens:write']);
    const answer = await api.call('POST', `/v1/customers/${customerId}/${path}`, { body, key });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', scope } });
  });

  it.each(requests)('is 404 where there is no customer: %s', async (path, _, body) => {
    for (const id of ['0195b1c0-0000-7000-8000-000000000000', 'x']) {
      const answer = await api.call('POST', `/v1/customers/${id}/${path}`, { body });
      expect(answer).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
    }
  });

  it.each(requests)('is refused as long as the customer is not ready: %s', async (path, _, body) => {
    const answer = await api.call('POST', `/v1/customers/${customerId}/${path}`, { body });
    expect(answer).toMatchObject({ status: 409, body: { code: 'CUSTOMER_NOT_READY', state: 'onboarding' } });
  });

  it.each(requests)('is 410 once the customer was offboarded: %s', async (path, _, body) => {
    const id = await makeCustomer();
    await api.database.client.customer.update({ where: { id }, data: { state: 'offboarded' } });
    const answer = await api.call('POST', `/v1/customers/${id}/${path}`, { body });
    expect(answer).toMatchObject({ status: 410, body: { code: 'CUSTOMER_OFFBOARDED' } });
  });

  it.each([
    ['rotations', {}, '/reason'],
    ['rotations', { reason: ' ' }, '/reason'],
    ['rotations', { reason: 'x'.repeat(501) }, '/reason'],
    ['rotations', { reason: 'r', mode: 'gentle' }, '/mode'],
    ['rotations', { reason: 'r', mode: 'rollback' }, '/mode'],
    ['rotations', { reason: 'r', force: true }, '/force'],
    ['rotations/rollback', { reason: 'r', mode: 'graceful' }, '/mode'],
    ['rotations/rollback', {}, '/reason'],
    ['credentials/acknowledgements', {}, '/version'],
    ['credentials/acknowledgements', { version: '1' }, '/version'],
    ['credentials/acknowledgements', { version: 0 }, '/version'],
    ['credentials/acknowledgements', { version: 1.5 }, '/version'],
    ['credentials/acknowledgements', { version: 3e9 }, '/version'],
    ['credentials/acknowledgements', { version: 1, hint: 'x' }, '/hint'],
  ])('is refused where it does not fit: %s %j', async (path, body, pointer) => {
    const answer = await api.call('POST', `/v1/customers/${customerId}/${path}`, { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID', errors: [{ pointer }] } });
  });

  it('that is refused leaves no run behind', async () => {
    expect(await api.database.client.run.count({ where: { plan: 'rotation' } })).toBe(0);
  });
});
