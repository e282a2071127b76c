import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { parentClient, Stack } from '../stack.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ env: { RECONCILIATION_INTERVAL_SECONDS: '3600' } });
});
afterAll(() => stack.close());

const hostOf = (name: string): string => `${name}.eu.qlikcloud.com`;

/** A customer of this name that is ready. */
async function ready(name: string, more: object = {}): Promise<string> {
  const { customerId, runId } = await stack.onboard(name, more);
  expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
  return customerId;
}

const offboard = (customerId: string) => stack.call('DELETE', `/v1/customers/${customerId}`);
const get = async (customerId: string) => (await stack.call('GET', `/v1/customers/${customerId}`)).body;
const runOf = async (runId: string) => (await stack.call('GET', `/v1/runs/${runId}`)).body;

/** Offboards the customer, which must be accepted, and returns its run once that has come to a stop. */
async function offboarded(customerId: string): Promise<any> {
  const { status, body } = await offboard(customerId);
  expect({ status, body }).toMatchObject({ status: 202, body: { run: { plan: 'offboarding', customerId } } });
  return stack.runEnd(body.run.id);
}

async function change(runId: string, what: 'retry' | 'cancel') {
  const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
  const options = { headers: { 'if-match': String(headers.etag) }, body: { reason: 'a test' } };
  return stack.call('POST', `/v1/runs/${runId}/${what}`, options);
}

async function events(customerId: string): Promise<{ action: string; subject: any; data: any; actor: string }[]> {
  const { body } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=100`);
  return body.events.reverse();
}

/** What the audit tells from the request on, but for what runs other than the offboarding tell. */
async function toldFromRequest(customerId: string): Promise<string[]> {
  const actions = (await events(customerId)).map(({ action }) => action);
  return actions.slice(actions.indexOf('customer.offboarding'));
}

const clientsAt = async (name: string): Promise<any[]> => (await stack.state(name)).clients;

/** Nothing is left but what tells the story. */
async function expectForgotten(customerId: string): Promise<void> {
  const { client } = stack.test.database;
  const versions = await client.secretVersion.findMany({ where: { customerId } });
  expect(versions.filter(({ state, sealed }) => state !== 'revoked' || sealed !== null)).toEqual([]);
  const keys = await client.dataKey.findMany({ where: { owner: 'customer', ownerId: customerId } });
  expect(keys.filter(({ wrapped, destroyedAt }) => wrapped !== null || destroyedAt === null)).toEqual([]);
  expect(await client.oAuthClient.findMany({ where: { customerId, state: 'active' } })).toEqual([]);
  const row = await client.customer.findUniqueOrThrow({ where: { id: customerId } });
  expect(row).toMatchObject({ state: 'offboarded', nextRotationAt: null, nextReconciliationAt: null });
  const { body } = await stack.call('GET', `/v1/audit-events/verification?customerId=${customerId}`);
  expect(body).toMatchObject({ intact: true });
}

/** Resolves once a sweep has begun a run of the plan. */
async function begins(customerId: string, plan: string): Promise<void> {
  for (const giveUpAt = Date.now() + 15_000; ;) {
    const { body } = await stack.call('GET', `/v1/runs?plan=${plan}&customerId=${customerId}`);
    if (body.runs.length > 0) return;
    if (Date.now() > giveUpAt) throw new Error(`No ${plan} began.`);
  }
}

/** Holds every run of the plan where it is while `work` goes on. */
async function whilePaused<T>(plan: string, work: () => Promise<T>): Promise<T> {
  const { body: pause } = await stack.call('POST', '/v1/pauses', { body: { plan, reason: 'a test' } });
  try {
    return await work();
  } finally {
    await stack.call('DELETE', `/v1/pauses/${pause.id}`);
  }
}

describe('offboarding a customer', () => {
  it('deletes its client at Qlik and all that is stored of its secrets, and frees its names', async () => {
    const customerId = await ready('acme');
    const [before] = await clientsAt('acme');
    const answer = await offboard(customerId);
    expect(answer).toMatchObject({
      status: 202,
      body: { customer: { id: customerId, state: 'offboarding', rotatesAt: null }, run: { plan: 'offboarding' } },
    });
    expect(answer.body.customer.clientId).toBe(before.clientId);
    const runId = answer.body.run.id;
    expect(answer.headers.location).toBe(`/v1/runs/${runId}`);
    const run = await stack.runEnd(runId);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.steps.map((step: any) => [step.name, step.state, step.output])).toEqual([
      ['delete-clients', 'succeeded', { clientIds: [before.clientId] }],
      ['forget-customer', 'succeeded', { clientsDeleted: 1 }],
    ]);
    expect(run.steps[0].attempts[0].calls.map(({ operation, status }: any) => [operation, status])).toEqual([
      ['delete-oauth-client', 204],
      ['get-oauth-client', 404],
    ]);
    expect(await clientsAt('acme')).toEqual([]);
    await expectForgotten(customerId);
    expect(await get(customerId)).toMatchObject({ state: 'offboarded', clientId: null, currentSecret: null });
    expect(await toldFromRequest(customerId)).toEqual([
      'customer.offboarding',
      'data_key.destroyed',
      'oauth_client.deleted',
      'secret.revoked',
      'customer.offboarded',
      'run.succeeded',
    ]);

    const again = await stack.call('POST', '/v1/customers', {
      headers: { 'idempotency-key': 'acme-comes-back' },
      body: { externalId: 'acme', name: 'acme', tenantHost: hostOf('acme') },
    });
    expect(again).toMatchObject({ status: 202, body: { customer: { state: 'onboarding' } } });
    expect(again.body.customer.id).not.toBe(customerId);
    expect(await stack.runEnd(again.body.run.id)).toMatchObject({ state: 'succeeded' });
  });

  it('gives out nothing and begins nothing from the answer on, and is 410 once it is done', async () => {
    const customerId = await ready('gone');
    const gone = { status: 410, body: { code: 'CUSTOMER_OFFBOARDED' } };
    const asks = () =>
      Promise.all([
        stack.call('GET', `/v1/customers/${customerId}/credentials`),
        stack.call('POST', `/v1/customers/${customerId}/credentials/acknowledgements`, { body: { version: 1 } }),
        stack.call('POST', `/v1/customers/${customerId}/rotations`, { body: { mode: 'emergency', reason: 'leaked' } }),
        stack.call('PATCH', `/v1/customers/${customerId}`, { body: { name: 'Gone' } }),
      ]);
    await whilePaused('offboarding', async () => {
      const first = await offboard(customerId);
      for (const answer of await asks()) expect(answer).toMatchObject(gone);
      const again = await offboard(customerId);
      expect(again).toMatchObject({ status: 202, body: { run: { id: first.body.run.id } } });
      expect(await change(first.body.run.id, 'cancel')).toMatchObject({
        status: 409,
        body: { code: 'OFFBOARDING_FINAL' },
      });
    });
    const [run] = (await stack.call('GET', `/v1/runs?plan=offboarding&customerId=${customerId}`)).body.runs;
    expect(await stack.runEnd(run.id)).toMatchObject({ state: 'succeeded' });
    for (const answer of [...(await asks()), await offboard(customerId)]) expect(answer).toMatchObject(gone);
    expect((await events(customerId)).filter(({ action }) => action === 'customer.offboarding')).toHaveLength(1);
  });

  it('deletes the recorded client though somebody renamed it, and no other', async () => {
    const customerId = await ready('renamed');
    const { clientId, clientSecret } = parentClient;
    const tenant = await TenantClient.connect(stack.sandbox.url, hostOf('renamed'), clientId, clientSecret);
    const foreign = await tenant.create({ clientName: 'somebody else’s' });
    const [{ clientId: ours }] = (await clientsAt('renamed')).filter((one) => one.clientId !== foreign.clientId);
    await tenant.api('PATCH', `/${ours}`, { body: [{ op: 'replace', path: '/clientName', value: 'renamed' }] });
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
    expect((await clientsAt('renamed')).map((one) => one.clientId)).toEqual([foreign.clientId]);
  });

  it('takes a client that is gone already for deleted', async () => {
    const customerId = await ready('deleted');
    const [{ clientId }] = await clientsAt('deleted');
    const { clientId: id, clientSecret } = parentClient;
    const tenant = await TenantClient.connect(stack.sandbox.url, hostOf('deleted'), id, clientSecret);
    await tenant.api('DELETE', `/${clientId}`, { headers: { 'qlik-confirm-delete': clientId } });
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
    await expectForgotten(customerId);
  });

  it('deletes again where the client still shows', async () => {
    const customerId = await ready('stubborn');
    await stack.fault({ kind: 'status', status: 200, tenantHost: hostOf('stubborn'), operation: 'delete', times: 1 });
    const run = await offboarded(customerId);
    expect(run).toMatchObject({ state: 'succeeded' });
    const [first] = run.steps[0].attempts;
    expect(first).toMatchObject({ outcome: 'retried', error: { code: 'CLIENT_STILL_THERE' } });
    expect(await clientsAt('stubborn')).toEqual([]);
  });

  it('stops for a person where the tenant refuses, and goes on when it is retried', async () => {
    const customerId = await ready('refused');
    const { clientId, clientSecret } = parentClient;
    const tenant = await TenantClient.connect(stack.sandbox.url, hostOf('refused'), clientId, clientSecret);
    await tenant.configure({ forbidden: true });
    const run = await offboarded(customerId);
    expect(run).toMatchObject({ state: 'needs_attention', step: 'delete-clients', error: { code: 'QLIK_FORBIDDEN' } });
    expect(await get(customerId)).toMatchObject({ state: 'offboarding' });
    expect(await offboard(customerId)).toMatchObject({ status: 202, body: { run: { id: run.id } } });
    await tenant.configure({});
    expect(await change(run.id, 'retry')).toMatchObject({ status: 202 });
    expect(await stack.runEnd(run.id)).toMatchObject({ state: 'succeeded' });
    await expectForgotten(customerId);
  });

  it('is 404 for a customer that is not there, and needs the right', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    expect(await offboard(id)).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
  });
});

describe('offboarding a customer that was never ready', () => {
  it('needs no call to Qlik where nothing was made there, and ends the onboarding for good', async () => {
    const { customerId, runId } = await whilePaused('onboarding', async () => {
      const onboarding = await stack.onboard('early');
      expect(await offboarded(onboarding.customerId)).toMatchObject({ state: 'succeeded' });
      return onboarding;
    });
    await expectForgotten(customerId);
    expect(await runOf(runId)).toMatchObject({ state: 'cancelled', error: { code: 'SUPERSEDED' } });
    expect((await stack.state('early')).requests).toEqual({});
    expect(await change(runId, 'retry')).toMatchObject({ status: 409, body: { code: 'RUN_SUPERSEDED' } });
  });

  it('deletes the client that a lost answer left, and that no row records', async () => {
    const host = hostOf('lost');
    await stack.fault({ kind: 'reset-after', tenantHost: host, operation: 'create', times: 1 });
    const { customerId, runId } = await stack.onboard('lost');
    await stack.runWhen(runId, (run) => run.state === 'waiting' && run.step === 'create-oauth-client');
    expect(await stack.test.database.client.oAuthClient.count({ where: { customerId } })).toBe(0);
    const [lost] = await clientsAt('lost');
    const run = await offboarded(customerId);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.steps[0].output).toEqual({ clientIds: [lost.clientId] });
    expect(await clientsAt('lost')).toEqual([]);
    await expectForgotten(customerId);
    const deleted = (await events(customerId)).filter(({ action }) => action === 'oauth_client.deleted');
    expect(deleted.map(({ subject }) => subject.clientId)).toEqual([lost.clientId]);
  });

  it('takes back nothing twice of an onboarding that was cancelled, which then cannot be retried', async () => {
    const host = hostOf('cancelled');
    await stack.fault({ kind: 'status', status: 403, tenantHost: host, operation: 'create', times: 1 });
    const { customerId, runId } = await stack.onboard('cancelled');
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'needs_attention' });
    expect(await change(runId, 'cancel')).toMatchObject({ status: 202 });
    await stack.runWhen(runId, (run) => run.state === 'cancelled');
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
    expect(await change(runId, 'retry')).toMatchObject({ status: 410, body: { code: 'CUSTOMER_OFFBOARDED' } });
  });
});

describe('other runs of a customer that is offboarded', () => {
  it('give way where they wait, and their secrets go with the client', async () => {
    const customerId = await ready('in-grace', { rotation: { graceSeconds: 3_600 } });
    const { body: rotation } = await stack.call('POST', `/v1/customers/${customerId}/rotations`, {
      body: { reason: 'a test' },
    });
    await stack.runWhen(rotation.id, (run) => run.step === 'grace' && run.state === 'waiting');
    const run = await offboarded(customerId);
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(await runOf(rotation.id)).toMatchObject({ state: 'cancelled', error: { code: 'SUPERSEDED' } });
    expect(await change(rotation.id, 'retry')).toMatchObject({ status: 409, body: { code: 'RUN_SUPERSEDED' } });
    await expectForgotten(customerId);
    expect((await toldFromRequest(customerId)).filter((action) => action === 'secret.revoked')).toHaveLength(2);
  });

  it('are waited for while a worker is at one of them', async () => {
    const host = hostOf('at-work');
    await stack.fault({ kind: 'delay', delayMs: 250, tenantHost: host, operation: 'list' });
    const { customerId, runId } = await stack.onboard('at-work');
    await stack.runWhen(runId, (run) => run.state === 'running');
    const busy = await offboard(customerId);
    expect(busy).toMatchObject({ status: 409, body: { code: 'CUSTOMER_BUSY', runId } });
    expect(busy.body.detail).toMatch(/cancel it/);
    await stack.runEnd(runId);
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
  });

  it('do not begin any more, however long they are due', async () => {
    const customerId = await ready('due');
    await whilePaused('offboarding', async () => {
      await offboard(customerId);
      await stack.test.database.sql.$executeRaw`
        UPDATE customers SET next_rotation_at = now(), next_reconciliation_at = now() WHERE id = ${customerId}::uuid`;
      for (const plan of ['rotation', 'reconciliation']) {
        const witness = await ready(`witness-${plan}`);
        await stack.test.database.sql.$executeRaw`
          UPDATE customers SET next_rotation_at = CASE WHEN ${plan} = 'rotation' THEN now() END,
            next_reconciliation_at = CASE WHEN ${plan} = 'reconciliation' THEN now() END WHERE id = ${witness}::uuid`;
        await begins(witness, plan);
      }
    });
    const { body } = await stack.call('GET', `/v1/runs?customerId=${customerId}`);
    expect(body.runs.map(({ plan }: any) => plan).sort()).toEqual(['offboarding', 'onboarding']);
  });
});
