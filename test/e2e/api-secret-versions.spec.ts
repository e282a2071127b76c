import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { AcceptedCustomer, CustomerPage } from '../../apps/api/src/customers/customer.schema.js';
import type { SecretVersionPage } from '../../apps/api/src/secret-versions/secret-version.schema.js';
import { type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

describe('the secrets of a customer', () => {
  const at = (day: number) => new Date(Date.UTC(2027, 0, day));

  const accept = () =>
    api.call<z.output<typeof AcceptedCustomer>>('POST', '/v1/customers', {
      body: newCustomer(),
      headers: { 'idempotency-key': uuidv7() },
    });

  /** A customer that is ready, with versions up to this one: the last is current, the one before previous, the others revoked. */
  async function makeCustomer(newest: number): Promise<string> {
    const { client } = api.database;
    const { customer, run } = (await accept()).body;
    const { id: customerId, tenantHost } = customer;
    const [oauthClientId, dataKeyId] = [uuidv7(), uuidv7()];
    const owned = { customerId, tenantHost, createdByRun: run.id };
    await client.oAuthClient.create({ data: { id: oauthClientId, clientId: customerId, clientName: 'c', ...owned } });
    await client.dataKey.create({
      data: { id: dataKeyId, owner: 'customer', ownerId: customerId, keyEncryptionKeyId: 'k', wrapped: 'w' },
    });
    for (let version = 1; version <= newest; version += 1) {
      const [isCurrent, isRevoked] = [version === newest, version < newest - 1];
      await client.secretVersion.create({
        data: {
          ...{ id: uuidv7(), customerId, oauthClientId, dataKeyId, version, hint: 'abcde', createdBy: 'a-user' },
          ...{ createdAt: at(version), promotedAt: at(version), firstReadAt: at(version + 1) },
          sealed: isRevoked ? null : 'v1.sealed',
          state: isCurrent ? 'current' : isRevoked ? 'revoked' : 'previous',
          acknowledgedAt: isCurrent ? null : at(version + 2),
          retiredAt: isRevoked ? at(version + 3) : null,
          revokedAt: isRevoked ? at(version + 4) : null,
        },
      });
    }
    await client.customer.update({ where: { id: customerId }, data: { state: 'ready', nextRotationAt: at(60) } });
    return customerId;
  }

  it('are told of with each customer: how old the current one is, and when it is replaced', async () => {
    const [one, two] = [await makeCustomer(1), await makeCustomer(3)];
    const { body } = await api.call<z.output<typeof CustomerPage>>('GET', '/v1/customers?limit=2');
    expect(body.customers).toMatchObject([
      {
        id: two,
        clientId: two,
        rotatesAt: at(60).toISOString(),
        currentSecret: { version: 3, activeSince: at(3).toISOString() },
      },
      {
        id: one,
        clientId: one,
        rotatesAt: at(60).toISOString(),
        currentSecret: { version: 1, activeSince: at(1).toISOString() },
      },
    ]);
    expect((await api.call('GET', `/v1/customers/${two}`)).body).toEqual(body.customers[0]);
  });

  it('are listed by version, newest first, and nothing of a secret with them', async () => {
    const customerId = await makeCustomer(4);
    const list = (query: string) =>
      api.call<z.output<typeof SecretVersionPage>>('GET', `/v1/customers/${customerId}/secret-versions${query}`);
    const whole = await list('');
    expect(whole.body.nextCursor).toBeUndefined();
    expect(whole.body.secretVersions.map(({ version, state }) => [version, state])).toEqual([
      [4, 'current'],
      [3, 'previous'],
      [2, 'revoked'],
      [1, 'revoked'],
    ]);
    expect(whole.body.secretVersions[2]).toEqual({
      ...{ version: 2, state: 'revoked', createdAt: at(2).toISOString(), promotedAt: at(2).toISOString() },
      ...{ firstReadAt: at(3).toISOString(), acknowledgedAt: at(4).toISOString() },
      ...{ retiredAt: at(5).toISOString(), revokedAt: at(6).toISOString() },
    });
    const first = await list('?limit=3');
    const second = await list(`?limit=3&cursor=${first.body.nextCursor}`);
    expect([...first.body.secretVersions, ...second.body.secretVersions]).toEqual(whole.body.secretVersions);
    expect(second.body.nextCursor).toBeUndefined();
  });

  it.each([
    ['/cursor', 'cursor=x'],
    ['/cursor', 'cursor=0'],
    ['/cursor', 'cursor=3000000000'],
    ['/limit', 'limit=101'],
    ['/state', 'state=current'],
  ])('refuses %s in ?%s', async (pointer, query) => {
    const customerId = await makeCustomer(1);
    expect(await api.call('GET', `/v1/customers/${customerId}/secret-versions?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer }] },
    });
  });

  it('answer 404 where there is no customer, and ask for customers:read', async () => {
    const path = '/v1/customers/0195b1c0-0000-7000-8000-000000000000/secret-versions';
    expect(await api.call('GET', path)).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
    const { key } = await api.makeKey(['secrets:read']);
    expect(await api.call('GET', path, { key })).toMatchObject({ status: 403, body: { scope: 'customers:read' } });
  });
});
