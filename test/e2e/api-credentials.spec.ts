import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { type CustomerState, Secret } from '@app/platform';
import { openKeyProvider, Vault, vaultSettings } from '@app/vault';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Credentials } from '../../apps/api/src/credentials/credentials.schema.js';
import type { AcceptedCustomer } from '../../apps/api/src/customers/customer.schema.js';
import { type ApiUnderTest, LOCAL_KEYS, newCustomer, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;
let vault: Vault;

beforeAll(async () => {
  api = await startApiUnderTest();
  const keys = await openKeyProvider({
    NODE_ENV: 'test',
    KEY_PROVIDER: 'local',
    LOCAL_KEYS: vaultSettings.LOCAL_KEYS.parse(LOCAL_KEYS),
    DATA_DIR: '.',
  });
  vault = new Vault(api.database, new AuditTrail(api.database), keys);
});

afterAll(() => api.close());

const CLIENT_SECRET = 'a-very-secret-value-0123456789';
const ROTATES_AT = new Date('2027-03-01T02:00:00.000Z');

/** A customer in this state, with a current secret of version 3. */
async function makeCustomer(state: CustomerState): Promise<string> {
  const call = { body: newCustomer(), headers: { 'idempotency-key': uuidv7() } };
  const { body } = await api.call<z.output<typeof AcceptedCustomer>>('POST', '/v1/customers', call);
  const { id: customerId, tenantHost } = body.customer;
  const client = await api.database.client.oAuthClient.create({
    data: {
      id: uuidv7(),
      customerId,
      tenantHost,
      clientId: `client-${customerId}`,
      clientName: 'c',
      createdByRun: body.run.id,
    },
  });
  const secretId = uuidv7();
  const owner = { kind: 'customer', id: customerId } as const;
  const dataKey = await vault.ensureDataKey(owner);
  const context = { owner, secretId, version: 3, purpose: 'impersonation-client-secret' } as const;
  const sealed = await vault.seal(dataKey, new Secret(CLIENT_SECRET), context);
  await api.database.client.secretVersion.create({
    data: {
      id: secretId,
      customerId,
      oauthClientId: client.id,
      version: 3,
      state: 'current',
      hint: '56789',
      promotedAt: new Date(),
      ...sealed,
    },
  });
  await api.database.client.customer.update({ where: { id: customerId }, data: { state, nextRotationAt: ROTATES_AT } });
  return customerId;
}

const read = (customerId: string, headers = {}) =>
  api.call<Credentials>('GET', `/v1/customers/${customerId}/credentials`, { headers });

const readsOf = (customerId: string) =>
  api.database.client.auditEvent.findMany({ where: { chain: customerId, action: 'credentials.read' } });

const versionOf = (customerId: string, version = 3) =>
  api.database.client.secretVersion.findFirstOrThrow({ where: { customerId, version } });

/** Resolves once some session of the database waits for another one's lock. */
async function untilSomebodyWaits(): Promise<void> {
  for (;;) {
    const waiting = await api.database.sql.$queryRaw<unknown[]>`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (waiting.length > 0) return;
  }
}

describe('GET /v1/customers/{id}/credentials', () => {
  it.each(['ready', 'degraded'] as const)('gives the credentials of a customer that is %s, audited', async (state) => {
    const customerId = await makeCustomer(state);
    const answer = await read(customerId);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        clientId: `client-${customerId}`,
        clientSecret: CLIENT_SECRET,
        version: 3,
        hint: '56789',
        rotatesAt: ROTATES_AT.toISOString(),
      },
    });
    expect(answer.headers.get('etag')).toBe('"3"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [event] = await readsOf(customerId);
    expect(event).toMatchObject({ data: { version: 3 }, subject: { customerId } });
    expect(event?.requestId).toBe(answer.headers.get('x-request-id'));
    expect(api.logged()).not.toContain(CLIENT_SECRET);
  });

  it('answers a HEAD with the version alone, which is no read', async () => {
    const id = await makeCustomer('ready');
    const look = (headers = {}) => api.call('HEAD', `/v1/customers/${id}/credentials`, { headers });
    const answer = await look();
    expect([answer.status, answer.headers.get('etag'), answer.body]).toEqual([200, '"3"', '']);
    expect((await look({ 'if-none-match': '"3"' })).status).toBe(304);
    expect(await readsOf(id)).toHaveLength(0);
    expect(await versionOf(id)).toMatchObject({ firstReadAt: null });
  });

  it('answers 304 to who has the version, which is no read', async () => {
    const customerId = await makeCustomer('ready');
    const answer = await read(customerId, { 'if-none-match': '"3"' });
    expect(answer).toMatchObject({ status: 304, body: '' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await readsOf(customerId)).toHaveLength(0);
    expect(await versionOf(customerId)).toMatchObject({ firstReadAt: null });
  });

  it('notes the first read of a version, and no later one', async () => {
    const customerId = await makeCustomer('ready');
    await read(customerId);
    const { firstReadAt } = await versionOf(customerId);
    expect(firstReadAt).not.toBeNull();
    await read(customerId);
    expect(await readsOf(customerId)).toHaveLength(2);
    expect(await versionOf(customerId)).toMatchObject({ firstReadAt });
  });

  it('gives the new secret, and counts no read of the old one, where that is replaced meanwhile', async () => {
    const customerId = await makeCustomer('ready');
    const old = await versionOf(customerId);
    const secretId = uuidv7();
    const owner = { kind: 'customer', id: customerId } as const;
    const context = { owner, secretId, version: 4, purpose: 'impersonation-client-secret' } as const;
    const sealed = await vault.seal(await vault.ensureDataKey(owner), new Secret('the-new-secret'), context);
    let answering!: ReturnType<typeof read>;
    await api.database.transaction(async (tx) => {
      await tx.secretVersion.update({ where: { id: old.id }, data: { state: 'previous' } });
      await tx.secretVersion.create({
        data: {
          ...{ id: secretId, customerId, oauthClientId: old.oauthClientId, version: 4, ...sealed },
          state: 'current',
          promotedAt: new Date(),
        },
      });
      answering = read(customerId);
      await untilSomebodyWaits();
    });
    const answer = await answering;
    expect(answer).toMatchObject({ status: 200, body: { version: 4, clientSecret: 'the-new-secret' } });
    expect(answer.headers.get('etag')).toBe('"4"');
    expect(await readsOf(customerId)).toMatchObject([{ data: { version: 4 }, subject: { secretVersionId: secretId } }]);
    expect(await versionOf(customerId)).toMatchObject({ firstReadAt: null });
    expect((await versionOf(customerId, 4)).firstReadAt).not.toBeNull();
  });

  it('gives nothing where the customer is offboarded meanwhile', async () => {
    const customerId = await makeCustomer('ready');
    let answering!: ReturnType<typeof read>;
    await api.database.transaction(async (tx) => {
      await tx.customer.update({ where: { id: customerId }, data: { state: 'offboarding' } });
      answering = read(customerId);
      await untilSomebodyWaits();
    });
    expect(await answering).toMatchObject({ status: 410, body: { code: 'CUSTOMER_OFFBOARDED' } });
    expect(await readsOf(customerId)).toHaveLength(0);
    expect(await versionOf(customerId)).toMatchObject({ firstReadAt: null });
  });

  it.each([
    ['onboarding', 409, 'CUSTOMER_NOT_READY'],
    ['failed', 409, 'CUSTOMER_NOT_READY'],
    ['offboarding', 410, 'CUSTOMER_OFFBOARDED'],
    ['offboarded', 410, 'CUSTOMER_OFFBOARDED'],
  ] as const)('gives nothing of a customer that is %s', async (state, status, code) => {
    const customerId = await makeCustomer(state);
    const answer = await read(customerId);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(JSON.stringify(answer.body)).not.toContain(CLIENT_SECRET);
    expect(await readsOf(customerId)).toHaveLength(0);
  });

  it('gives nothing when the secret was moved here from another row', async () => {
    const [from, to] = [await makeCustomer('ready'), await makeCustomer('ready')];
    const stolen = await api.database.client.secretVersion.findFirstOrThrow({ where: { customerId: from } });
    await api.database.client.secretVersion.updateMany({
      where: { customerId: to },
      data: { sealed: stolen.sealed, dataKeyId: stolen.dataKeyId },
    });
    expect(await read(to)).toMatchObject({ status: 503, body: { code: 'SECRET_UNREADABLE' } });
    expect(await readsOf(to)).toHaveLength(0);
  });

  it('answers 404 where there is no customer', async () => {
    expect(await read('0195b1c0-0000-7000-8000-000000000000')).toMatchObject({ status: 404 });
  });

  it('asks for secrets:read', async () => {
    const customerId = await makeCustomer('ready');
    const { key } = await api.makeKey(['customers:read', 'customers:write']);
    const answer = await api.call('GET', `/v1/customers/${customerId}/credentials`, { key });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', scope: 'secrets:read' } });
    expect(await readsOf(customerId)).toHaveLength(0);
  });
});

describe('POST /v1/customers/{id}/credentials/acknowledgements', () => {
  const acknowledge = (customerId: string, version: number) =>
    api.call('POST', `/v1/customers/${customerId}/credentials/acknowledgements`, { body: { version } });

  it('notes once that the version is in use', async () => {
    const customerId = await makeCustomer('ready');
    expect(await acknowledge(customerId, 3)).toMatchObject({ status: 204, body: '' });
    const { acknowledgedAt } = await versionOf(customerId);
    expect(acknowledgedAt).not.toBeNull();
    expect((await acknowledge(customerId, 3)).status).toBe(204);
    expect(await versionOf(customerId)).toMatchObject({ acknowledgedAt });
    const events = await api.database.client.auditEvent.findMany({
      where: { chain: customerId, action: 'acknowledgement.received' },
    });
    expect(events).toMatchObject([{ data: { version: 3 } }]);
  });

  it.each([2, 4])('refuses version %s, which is not the current one', async (version) => {
    const customerId = await makeCustomer('ready');
    expect(await acknowledge(customerId, version)).toMatchObject({
      status: 409,
      body: { code: 'VERSION_NOT_CURRENT', version: 3 },
    });
    expect(await versionOf(customerId)).toMatchObject({ acknowledgedAt: null });
  });
});
