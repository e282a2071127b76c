import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { Stack } from '../stack.js';

let stack: Stack;
const start =
  (options: Parameters<typeof Stack.start>[0] = {}) =>
  async () => {
    stack = await Stack.start(options);
  };
const stop = () => stack.close();

/** Onboards `name` and returns its run at its end. */
async function onboarded(name: string, more: object = {}) {
  const { customerId, runId } = await stack.onboard(name, more);
  return { customerId, runId, run: await stack.runEnd(runId) };
}

/** The status Qlik's token endpoint answers to the credential that the API hands out. */
async function useCredential(customerId: string): Promise<number> {
  const { body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
  const { statusCode, body: reply } = await request(new URL('/oauth/token', stack.sandbox.url), {
    method: 'POST',
    headers: { host: body.tenantHost, 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: body.clientId,
      client_secret: body.clientSecret,
      grant_type: 'client_credentials',
    }),
  });
  await reply.dump();
  return statusCode;
}

/** What must hold once an onboarding has ended well, whatever happened on the way. */
async function expectOneWorkingClient(name: string, customerId: string): Promise<void> {
  const { clients } = await stack.state(name);
  expect(clients).toHaveLength(1);
  expect(clients[0]).toMatchObject({ consentMethod: 'trusted', appType: 'web' });
  expect(clients[0].hints).toHaveLength(1);
  const shown = await stack.call('GET', `/v1/customers/${customerId}`);
  expect(shown.body).toMatchObject({ state: 'ready', clientId: clients[0].clientId });
  const { body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
  expect(body.clientId).toBe(clients[0].clientId);
  expect(await useCredential(customerId)).toBe(200);
}

const retry = async (runId: string) => {
  const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
  const { status, body } = await stack.call('POST', `/v1/runs/${runId}/retry`, {
    headers: { 'if-match': String(headers.etag) },
    body: { reason: 'the cause is mended' },
  });
  expect({ status, body }).toMatchObject({ status: 202 });
  return stack.runEnd(runId);
};

describe.each(['postgres', 'redis'] as const)('onboarding on %s', (backend) => {
  beforeAll(start({ backend }));
  afterAll(stop);

  it('makes one trusted client whose stored secret works, and tells each step', async () => {
    const { customerId, run } = await onboarded('acme', {
      redirectUris: ['https://app.acme.example/callback'],
      verificationUser: { field: 'subject', value: 'demo' },
    });
    expect(run).toMatchObject({ plan: 'onboarding', state: 'succeeded', error: null });
    expect(run.steps.map((step: any) => [step.name, step.state])).toEqual([
      ['check-tenant-access', 'succeeded'],
      ['create-oauth-client', 'succeeded'],
      ['trust-consent', 'succeeded'],
      ['verify-credential', 'succeeded'],
      ['settle-creation', 'skipped'],
    ]);
    await expectOneWorkingClient('acme', customerId);
    const state = await stack.state('acme');
    expect(state).toMatchObject({ clientsCreated: 1, secretsCreated: 1 });
    expect(state.clients[0]).toMatchObject({
      clientName: expect.stringContaining(customerId),
      allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
      allowedScopes: ['user_default'],
      redirectUris: ['https://app.acme.example/callback'],
    });
  });

  it('takes no more calls to Qlik than it needs', async () => {
    const before = (await stack.state()).requests;
    await onboarded('thrifty');
    const after = (await stack.state()).requests;
    const spent = Object.fromEntries(
      Object.entries<number>(after)
        .map(([operation, count]) => [operation, count - (before[operation] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
    expect(spent).toEqual({ token: 2, list: 1, create: 1, 'config-patch': 1, get: 1 });
  });

  it('writes the story of a customer into the audit, in order and unbroken', async () => {
    const { customerId } = await onboarded('storied');
    const { body: events } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=50`);
    const actions = (events.auditEvents ?? events.events ?? events.data).map((event: any) => event.action).reverse();
    expect(actions).toEqual([
      'customer.accepted',
      'data_key.created',
      'oauth_client.created',
      'secret.stored',
      'consent.trusted',
      'token.minted',
      'secret.promoted',
      'customer.ready',
      'run.succeeded',
    ]);
    const { body: verification } = await stack.call('GET', `/v1/audit-events/verification?customerId=${customerId}`);
    expect(verification).toMatchObject({ intact: true });
  });
});

describe('an idempotency key', () => {
  beforeAll(start());
  afterAll(stop);

  it('is forgotten by the workers once it has expired', async () => {
    const { idempotencyKey: keys } = stack.test.database.client;
    const { customerId } = await stack.onboard('forgotten');
    expect(await keys.updateMany({ where: { customerId }, data: { expiresAt: new Date(0) } })).toEqual({ count: 1 });
    while ((await keys.count({ where: { customerId } })) > 0) await delay(20);
  });
});

describe('an answer of Qlik that is lost', () => {
  beforeAll(start());
  afterAll(stop);
  afterEach(() => stack.sandboxCall('DELETE', '/faults'));

  it.each([
    ['reset after the client was made', { kind: 'reset-after' }],
    ['cut off in the middle', { kind: 'truncate' }],
    ['500 although the client was made', { kind: 'status', status: 500, after: true }],
    ['503 although the client was made', { kind: 'status', status: 503, after: true }],
    ['never coming although the client was made', { kind: 'hang', after: true }],
    ['a 201 without a secret', { kind: 'status', status: 201, after: true, body: { clientId: 'x' } }],
  ])('on create (%s) has the one client adopted', async (how, fault) => {
    const name = `lost-${how.replaceAll(/\W+/g, '-')}`.slice(0, 40).replace(/-$/, '');
    await stack.fault({ ...fault, tenantHost: `${name}.eu.qlikcloud.com`, operation: 'create', times: 1 });
    const { customerId, run } = await onboarded(name);
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(run.steps[1]).toMatchObject({ output: { adopted: true } });
    expect(run.steps[4]).toMatchObject({
      state: 'succeeded',
      output: { deadSecretsDeleted: 1, duplicateClientsDeleted: 0 },
    });
    expect(await stack.state(name)).toMatchObject({ clientsCreated: 1, secretsCreated: 2 });
    await expectOneWorkingClient(name, customerId);
  });

  it.each([
    ['reset before anything was made', { kind: 'reset-before' }],
    ['500 without effect', { kind: 'status', status: 500 }],
    ['never coming', { kind: 'hang' }],
  ])('on create (%s) has a client made once it is sure that there is none', async (how, fault) => {
    const name = `absent-${how.replaceAll(/\W+/g, '-')}`;
    await stack.fault({ ...fault, tenantHost: `${name}.eu.qlikcloud.com`, operation: 'create', times: 1 });
    const { customerId, run } = await onboarded(name);
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(run.steps[1]).toMatchObject({ output: { adopted: false } });
    expect(await stack.state(name)).toMatchObject({ clientsCreated: 1, secretsCreated: 1 });
    await expectOneWorkingClient(name, customerId);
  });

  it('on the mint that adopts a client has the extra secret deleted', async () => {
    const tenantHost = 'lost-mint.eu.qlikcloud.com';
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'secret-create', times: 1 });
    const { customerId, run } = await onboarded('lost-mint');
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.steps[4]).toMatchObject({ output: { deadSecretsDeleted: 2 } });
    expect(await stack.state('lost-mint')).toMatchObject({ clientsCreated: 1, secretsCreated: 3 });
    await expectOneWorkingClient('lost-mint', customerId);
  });

  it('is looked for as long as a list may lag', async () => {
    const tenantHost = 'laggard.eu.qlikcloud.com';
    await stack.sandboxCall('PUT', `/tenants/${tenantHost}`, { lagMs: 90 });
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    const { customerId } = await onboarded('laggard');
    expect(await stack.state('laggard')).toMatchObject({ clientsCreated: 1 });
    await expectOneWorkingClient('laggard', customerId);
  });

  it('never costs a secret that is not ours', async () => {
    const tenantHost = 'foreign.eu.qlikcloud.com';
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    const { runId } = await stack.onboard('foreign');
    await stack.runWhen(runId, (run) => run.steps[3]?.state === 'succeeded');
    const { clients } = await stack.state('foreign');
    const { hints } = await stack.sandboxCall('POST', `/tenants/${tenantHost}/clients/${clients[0].clientId}/secrets`, {
      createdBy: 'somebody-else',
    });
    const run = await stack.runEnd(runId);
    expect(run.steps[4]).toMatchObject({ output: { deadSecretsDeleted: 1, unrecognisedSecrets: 1 } });
    expect((await stack.state('foreign')).clients[0].hints).toEqual(expect.arrayContaining(hints));
  });

  it('with a new secret of the same hint as the old one has another minted', async () => {
    const tenantHost = 'same-hint.eu.qlikcloud.com';
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    await stack.fault({ kind: 'same-hint', tenantHost, operation: 'secret-create', times: 1 });
    const { customerId, run } = await onboarded('same-hint');
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(await useCredential(customerId)).toBe(200);
  });
});

describe('a tenant that makes difficulties', () => {
  beforeAll(start());
  afterAll(stop);
  afterEach(() => stack.sandboxCall('DELETE', '/faults'));

  it.each([
    ['rate-limits', { kind: 'rate-limit', retryAfter: 0, times: 3 }],
    ['fails on a read', { kind: 'status', status: 503, operation: 'get', times: 2 }],
    ['drops a patch', { kind: 'reset-after', operation: 'config-patch', times: 2 }],
  ])('and %s is waited for', async (how, fault) => {
    const name = how.replaceAll(/\W+/g, '-');
    await stack.fault({ ...fault, tenantHost: `${name}.eu.qlikcloud.com` });
    const { customerId, run } = await onboarded(name);
    expect(run).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(name, customerId);
  });

  it.each([
    ['disabled', { disabled: true }, 'TENANT_DISABLED'],
    ['forbidden', { forbidden: true }, 'QLIK_FORBIDDEN'],
    ['gone', { gone: true }, 'TENANT_NOT_FOUND'],
  ])('and is %s stops the run until that is mended', async (name, settings, code) => {
    await stack.sandboxCall('PUT', `/tenants/${name}.eu.qlikcloud.com`, settings);
    const { customerId, runId, run } = await onboarded(name);
    expect(run).toMatchObject({ state: 'needs_attention', step: 'check-tenant-access', error: { code } });
    expect(run.error.message).toContain(`${name}.eu.qlikcloud.com`);
    expect(run.error.hint).toMatch(/retry|restart/);
    expect(run.error.qlik).toMatchObject({ status: expect.any(Number) });
    await stack.sandboxCall('PUT', `/tenants/${name}.eu.qlikcloud.com`, {});
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(name, customerId);
  });

  it.each([
    ['consent-in-body', { consentInCreateRefused: true }, {}],
    ['no-origins', { originsOnWebRefused: true }, { allowedOrigins: ['https://app.example'] }],
    ['no-hint', { hintAbsentOnCreate: true }, {}],
    ['guide-hint', { hintOnlyInGuideForm: true }, {}],
    ['no-config', { connectionConfigAbsentOnGet: true }, {}],
    ['slow-secret', { secretPropagationMs: 300 }, {}],
  ])('in a way that no document settles (%s) is onboarded all the same', async (name, unknowns, more) => {
    await stack.sandboxCall('PUT', `/tenants/${name}.eu.qlikcloud.com`, { unknowns });
    const { customerId, run } = await onboarded(name, more);
    expect(run).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(name, customerId);
    const { body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
    expect(body.hint).toBe(
      (await stack.state(name)).clients[0].hints[0].hint ?? (await stack.state(name)).clients[0].hints[0],
    );
    expect(run.steps[1].output.warnings).toEqual(name === 'no-origins' ? ['ORIGINS_NOT_SUPPORTED'] : []);
  });

  it('because nobody configured a parent client for its region says so', async () => {
    const { status, body } = await stack.call('POST', '/v1/customers', {
      headers: { 'idempotency-key': 'us-1' },
      body: { externalId: 'us-1', name: 'US', tenantHost: 'us-1.us.qlikcloud.com' },
    });
    expect(status).toBe(202);
    const run = await stack.runEnd(body.run.id);
    expect(run).toMatchObject({ state: 'needs_attention', error: { code: 'PARENT_NOT_CONFIGURED' } });
    expect(`${run.error.message} ${run.error.hint}`).toContain('PUT /v1/parent-clients/{region}');
  });

  it('and lacks the user to verify with is mended and retried', async () => {
    const { customerId, runId, run } = await onboarded('no-user', {
      verificationUser: { field: 'subject', value: 'jane' },
    });
    expect(run).toMatchObject({
      state: 'needs_attention',
      step: 'verify-credential',
      error: { code: 'USER_NOT_FOUND' },
    });
    await stack.sandboxCall('PUT', '/tenants/no-user.eu.qlikcloud.com', {
      users: [{ id: '6422bad8022070c06d2417bc', subject: 'jane', email: 'jane@example.com' }],
    });
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient('no-user', customerId);
  });
});

describe('a run that is cancelled', () => {
  beforeAll(start());
  afterAll(stop);
  afterEach(() => stack.sandboxCall('DELETE', '/faults'));

  const cancel = async (runId: string) => {
    const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
    const { status } = await stack.call('POST', `/v1/runs/${runId}/cancel`, {
      headers: { 'if-match': String(headers.etag) },
      body: { reason: 'ordered by mistake' },
    });
    expect(status).toBe(202);
    return stack.runEnd(runId);
  };

  it('takes its client back, and can be retried from the start', async () => {
    const tenantHost = 'regret.eu.qlikcloud.com';
    await stack.fault({ kind: 'status', status: 403, tenantHost, operation: 'config-patch' });
    const { customerId, runId, run } = await onboarded('regret');
    expect(run).toMatchObject({ state: 'needs_attention', step: 'trust-consent' });
    expect((await stack.state('regret')).clients).toHaveLength(1);
    expect(await cancel(runId)).toMatchObject({ state: 'cancelled' });
    expect((await stack.state('regret')).clients).toHaveLength(0);
    expect((await stack.call('GET', `/v1/customers/${customerId}`)).body.state).toBe('failed');
    await stack.sandboxCall('DELETE', '/faults');
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient('regret', customerId);
  });

  it('while an answer is lost still finds and deletes what was made', async () => {
    await stack.fault({ kind: 'reset-after', tenantHost: 'unsure.eu.qlikcloud.com', operation: 'create' });
    const { runId } = await stack.onboard('unsure');
    await stack.runWhen(runId, (run) => run.state === 'waiting');
    expect(await cancel(runId)).toMatchObject({ state: 'cancelled' });
    expect(await stack.state('unsure')).toMatchObject({ clients: [], clientsCreated: 1 });
  });
});
