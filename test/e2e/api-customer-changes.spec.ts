import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { parentClient, Stack } from '../stack.js';

const WANTED = {
  redirectUris: ['https://app.example/a'],
  allowedOrigins: ['https://app.example'],
  scopes: ['user_default'],
};
const CHANGED = {
  redirectUris: ['https://new.example/callback', 'http://localhost:4000/'],
  allowedOrigins: ['https://new.example'],
  scopes: ['user_default', 'apps:read'],
};

let stack: Stack;
const start = (env: NodeJS.ProcessEnv = {}) => {
  beforeAll(async () => {
    stack = await Stack.start({ env: { RECONCILIATION_INTERVAL_SECONDS: '3600', ...env } });
  });
  afterAll(() => stack.close());
};

const hostOf = (name: string): string => `${name}.eu.qlikcloud.com`;

async function ready(name: string, more: object = {}): Promise<string> {
  const { customerId, runId } = await stack.onboard(name, { ...WANTED, ...more });
  expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
  return customerId;
}

const patch = (customerId: string, body: object, headers = {}) =>
  stack.call('PATCH', `/v1/customers/${customerId}`, { body, headers });

/** Changes the customer, which must be accepted, and returns the answer's body. */
async function accepted(customerId: string, body: object): Promise<any> {
  const answer = await patch(customerId, body);
  expect(answer).toMatchObject({ status: 202, headers: { location: `/v1/runs/${answer.body.run?.id}` } });
  return answer.body;
}

const get = async (customerId: string) => (await stack.call('GET', `/v1/customers/${customerId}`)).body;
const runOf = async (runId: string) => (await stack.call('GET', `/v1/runs/${runId}`)).body;
const clientAt = async (name: string) => (await stack.state(name)).clients[0];
const settingsAt = async (name: string) => {
  const { redirectUris, allowedOrigins, allowedScopes } = await clientAt(name);
  return { redirectUris, allowedOrigins, scopes: allowedScopes };
};

async function tenantOf(name: string): Promise<TenantClient> {
  return TenantClient.connect(stack.sandbox.url, hostOf(name), parentClient.clientId, parentClient.clientSecret);
}

async function retry(runId: string): Promise<any> {
  const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
  const options = { headers: { 'if-match': String(headers.etag) }, body: { reason: 'a test' } };
  expect(await stack.call('POST', `/v1/runs/${runId}/retry`, options)).toMatchObject({ status: 202 });
  return stack.runEnd(runId);
}

async function eventsOf(customerId: string): Promise<{ action: string; data: any; subject: any }[]> {
  const { body } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=100`);
  return body.events.reverse();
}

const told = async (customerId: string, action: string): Promise<any[]> =>
  (await eventsOf(customerId)).filter((event) => event.action === action).map(({ data }) => data);

async function whilePaused<T>(plan: string, work: () => Promise<T>): Promise<T> {
  const { body: pause } = await stack.call('POST', '/v1/pauses', { body: { plan, reason: 'a test' } });
  try {
    return await work();
  } finally {
    await stack.call('DELETE', `/v1/pauses/${pause.id}`);
  }
}

describe('changing a customer that is ready', () => {
  start();

  it('stores the values, brings them to Qlik, and tells the audit which fields, not their values', async () => {
    const customerId = await ready('acme');
    const { customer, run } = await accepted(customerId, CHANGED);
    expect(customer).toMatchObject({ id: customerId, state: 'ready', ...CHANGED });
    expect(run).toMatchObject({ plan: 'reconciliation', customerId, input: { changed: Object.keys(CHANGED) } });
    const ended = await stack.runEnd(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expect(ended.steps[1].output).toMatchObject({ changed: Object.keys(CHANGED), repaired: [], warnings: [] });
    expect(await settingsAt('acme')).toEqual(CHANGED);
    expect(await told(customerId, 'customer.changed')).toEqual([{ fields: 'redirectUris,allowedOrigins,scopes' }]);
    expect(await told(customerId, 'oauth_client.changed')).toEqual([
      { fields: 'redirectUris,allowedOrigins,scopes', warnings: '' },
    ]);
    expect(await told(customerId, 'drift.detected')).toEqual([]);
    expect(JSON.stringify(await eventsOf(customerId))).not.toContain('new.example');
  });

  it('leaves what is left out, and takes null for the default', async () => {
    const rotation = { intervalSeconds: 86_400 };
    const verificationUser = { field: 'subject', value: 'nobody' };
    const customerId = await ready('merged', { rotation, metadata: { tier: 'gold', region: 'north' } });
    const first = await accepted(customerId, { verificationUser, metadata: { tier: 'silver' } });
    expect(first.customer).toMatchObject({ ...WANTED, rotation, verificationUser, metadata: { tier: 'silver' } });
    await stack.runEnd(first.run.id);
    const nulls = { rotation: null, verificationUser: null, redirectUris: null, allowedOrigins: null, scopes: null };
    const second = await accepted(customerId, { ...nulls, metadata: null });
    const defaults = { redirectUris: [], allowedOrigins: [], scopes: ['user_default'], metadata: {} };
    expect(second.customer).toMatchObject({ rotation: null, verificationUser: null, ...defaults });
    expect(await stack.runEnd(second.run.id)).toMatchObject({ state: 'succeeded' });
    expect(await settingsAt('merged')).toEqual({ redirectUris: [], allowedOrigins: [], scopes: ['user_default'] });
  });

  it('compares all the same where the values are equal, and tells the audit of no change', async () => {
    const customerId = await ready('equal', { metadata: { tier: 'gold' } });
    const { run } = await accepted(customerId, { ...WANTED, metadata: { tier: 'gold' } });
    const ended = await stack.runEnd(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', input: { changed: [] } });
    expect(ended.steps.map(({ state }: any) => state)).toEqual(['succeeded', 'skipped', 'skipped']);
    expect(await told(customerId, 'customer.changed')).toEqual([]);
  });

  it('uses one comparison for what is changed before it begins', async () => {
    const customerId = await ready('twice');
    const runs = await whilePaused('reconciliation', async () => [
      (await accepted(customerId, { scopes: CHANGED.scopes })).run,
      (await accepted(customerId, { redirectUris: CHANGED.redirectUris })).run,
    ]);
    expect(runs[1].id).toBe(runs[0].id);
    expect(runs[1].input.changed.sort()).toEqual(['redirectUris', 'scopes']);
    expect(await stack.runEnd(runs[0].id)).toMatchObject({ state: 'succeeded' });
    expect(await settingsAt('twice')).toEqual({ ...CHANGED, allowedOrigins: WANTED.allowedOrigins });
  });

  it('refuses what Qlik must know while a run is at work, and takes the rest', async () => {
    const customerId = await ready('busy');
    await stack.fault({ kind: 'delay', delayMs: 250, tenantHost: hostOf('busy'), operation: 'get' });
    const { run } = await accepted(customerId, { scopes: CHANGED.scopes });
    await stack.runWhen(run.id, ({ state }) => state === 'running');
    const refused = await patch(customerId, { scopes: ['apps:read'] });
    expect(refused).toMatchObject({ status: 409, body: { code: 'CUSTOMER_BUSY', runId: run.id } });
    const renamed = await accepted(customerId, { name: 'Busy', metadata: { a: 'b' }, scopes: CHANGED.scopes });
    expect(renamed).toMatchObject({ customer: { name: 'Busy', metadata: { a: 'b' } }, run: { id: run.id } });
    expect(await stack.runEnd(run.id)).toMatchObject({ state: 'succeeded' });
    expect((await get(customerId)).scopes).toEqual(CHANGED.scopes);
  });

  it('goes on without the origins where the tenant takes none, and does not look for them again', async () => {
    await (await tenantOf('originless')).configure({ unknowns: { originsOnWebRefused: true } });
    const customerId = await ready('originless');
    const { run } = await accepted(customerId, CHANGED);
    const ended = await stack.runEnd(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expect(ended.steps[1].output).toMatchObject({
      changed: ['redirectUris', 'scopes'],
      warnings: ['ORIGINS_NOT_SUPPORTED'],
      left: [],
    });
    expect(await settingsAt('originless')).toEqual({ ...CHANGED, allowedOrigins: undefined });
    const next = await stack.runEnd((await accepted(customerId, { name: 'x' })).run.id);
    expect(next.steps.map(({ state }: any) => state)).toEqual(['succeeded', 'skipped', 'skipped']);

    await (await tenantOf('originless')).configure({});
    const another = { allowedOrigins: ['https://third.example'] };
    await stack.runEnd((await accepted(customerId, another)).run.id);
    expect(await settingsAt('originless')).toMatchObject(another);
  });

  it('asks a person where Qlik refuses the new values, shows what Qlik said, and tries again when they are changed', async () => {
    const customerId = await ready('refusing');
    await stack.fault({ kind: 'status', status: 400, tenantHost: hostOf('refusing'), operation: 'patch', times: 1 });
    const { run } = await accepted(customerId, { scopes: ['no-such-scope'] });
    expect(await stack.runEnd(run.id)).toMatchObject({
      state: 'needs_attention',
      error: { code: 'DRIFT_FOUND', qlik: { status: 400 } },
    });
    const again = await accepted(customerId, { scopes: CHANGED.scopes });
    expect(again.run.id).toBe(run.id);
    expect(await stack.runEnd(run.id)).toMatchObject({ state: 'succeeded' });
    expect((await settingsAt('refusing')).scopes).toEqual(CHANGED.scopes);
  });

  it('dates the next rotation by the new policy, in the same answer', async () => {
    const customerId = await ready('dated', { rotation: { intervalSeconds: 86_400, jitterSeconds: 0 } });
    const { currentSecret, rotatesAt } = await get(customerId);
    expect(Date.parse(rotatesAt) - Date.parse(currentSecret.activeSince)).toBeCloseTo(86_400_000, -5);
    const { customer } = await accepted(customerId, { rotation: { intervalSeconds: 172_800, jitterSeconds: 0 } });
    expect(Date.parse(customer.rotatesAt) - Date.parse(currentSecret.activeSince)).toBeCloseTo(172_800_000, -5);
  });

  it('has a rotation in its grace go by the new policy', async () => {
    const customerId = await ready('graced', { rotation: { graceSeconds: 3_600, acknowledgement: 'none' } });
    const { body: rotation } = await stack.call('POST', `/v1/customers/${customerId}/rotations`, {
      body: { reason: 'a test' },
    });
    await stack.runWhen(rotation.id, (run) => run.step === 'grace' && run.state === 'waiting');
    await accepted(customerId, { rotation: { graceSeconds: 0, acknowledgement: 'none' } });
    expect(await stack.runEnd(rotation.id)).toMatchObject({ state: 'succeeded' });
  });

  it('refuses another tenant', async () => {
    const customerId = await ready('settled');
    const answer = await patch(customerId, { tenantHost: hostOf('elsewhere') });
    expect(answer).toMatchObject({ status: 409, body: { code: 'TENANT_HOST_FIXED' } });
    expect(await accepted(customerId, { tenantHost: hostOf('settled') })).toMatchObject({
      customer: { tenantHost: hostOf('settled') },
    });
  });

  it.each([
    ['nothing', {}],
    ['a field that cannot change', { externalId: 'other' }],
    ['a value that is none', { redirectUris: ['http://plain.example'] }],
    ['null where there is no default', { name: null }],
  ])('refuses %s, and writes nothing', async (_what, body) => {
    const customerId = await ready(`invalid-${Object.keys(body)[0] ?? 'empty'}`.toLowerCase());
    const before = await get(customerId);
    expect(await patch(customerId, body)).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(await get(customerId)).toEqual(before);
    expect(await told(customerId, 'customer.changed')).toEqual([]);
  });

  it('refuses a host that is none of a tenant', async () => {
    const customerId = await ready('lawful');
    const answer = await patch(customerId, { tenantHost: 'console.qlikcloud.com' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_HOST_INVALID' } });
  });
});

describe('changing a customer where drift is only raised', () => {
  start({ RECONCILIATION_POLICY: 'raise' });

  it('sets what was asked for, and raises what somebody else changed', async () => {
    const customerId = await ready('raised');
    const tenant = await tenantOf('raised');
    const { clientId } = await clientAt('raised');
    await tenant.api('PATCH', `/${clientId}`, { body: [{ op: 'replace', path: '/clientName', value: 'theirs' }] });
    const { run } = await accepted(customerId, { scopes: CHANGED.scopes });
    const ended = await stack.runEnd(run.id);
    expect(ended).toMatchObject({ state: 'needs_attention', error: { code: 'DRIFT_FOUND' } });
    expect(ended.error.message).toMatch(/: CLIENT_RENAMED\.$/);
    expect(await clientAt('raised')).toMatchObject({ allowedScopes: CHANGED.scopes, clientName: 'theirs' });
    expect((await told(customerId, 'drift.detected')).map(({ kind }) => kind)).toEqual(['CLIENT_RENAMED']);
    expect(await told(customerId, 'oauth_client.changed')).toEqual([{ fields: 'scopes', warnings: '' }]);
  });
});

describe('changing a customer whose onboarding stopped', () => {
  start();

  it('has a client that was not made yet made by the new values', async () => {
    const host = hostOf('unmade');
    await stack.fault({ kind: 'status', status: 403, tenantHost: host, operation: 'create', times: 1 });
    const { customerId, runId } = await stack.onboard('unmade', WANTED);
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'needs_attention', step: 'create-oauth-client' });
    const { run } = await accepted(customerId, CHANGED);
    expect(run).toMatchObject({ id: runId, plan: 'onboarding', state: 'needs_attention' });
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
    expect(await settingsAt('unmade')).toEqual(CHANGED);
    expect((await stack.state('unmade')).requests).not.toHaveProperty('patch');
  });

  it('sets a client that was made by the old values, before it trusts it', async () => {
    await stack.fault({
      kind: 'status',
      status: 403,
      tenantHost: hostOf('untrusted'),
      operation: 'config-patch',
      times: 1,
    });
    const { customerId, runId } = await stack.onboard('untrusted', WANTED);
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'needs_attention', step: 'trust-consent' });
    expect((await accepted(customerId, CHANGED)).run).toMatchObject({ id: runId, step: 'trust-consent' });
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
    expect(await settingsAt('untrusted')).toEqual(CHANGED);
  });

  it('goes back for a client that was set by the old values, and that could not be used', async () => {
    const verificationUser = { field: 'subject', value: 'nobody' };
    const { customerId, runId } = await stack.onboard('unusable', { ...WANTED, verificationUser });
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'needs_attention', step: 'verify-credential' });
    const { run } = await accepted(customerId, { ...CHANGED, verificationUser: null });
    expect(run).toMatchObject({ id: runId, state: 'needs_attention', step: 'trust-consent' });
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
    expect(await settingsAt('unusable')).toEqual(CHANGED);
    expect((await stack.state('unusable')).clientsCreated).toBe(1);
    expect((await told(customerId, 'oauth_client.changed')).map(({ fields }) => fields)).toEqual([
      'redirectUris,allowedOrigins,scopes',
    ]);
  });

  it('needs no more than another verification user where that was all', async () => {
    const { customerId, runId } = await stack.onboard('misnamed', {
      verificationUser: { field: 'subject', value: 'nobody' },
    });
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'needs_attention', step: 'verify-credential' });
    const { run } = await accepted(customerId, { verificationUser: { field: 'subject', value: 'demo' } });
    expect(run).toMatchObject({ id: runId, step: 'verify-credential' });
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
  });

  it('lets it be onboarded at another tenant as long as nothing was made, and proves access there', async () => {
    const { customerId, runId } = await stoppedAtFirst('wrong');
    const { customer, run } = await accepted(customerId, { tenantHost: hostOf('right') });
    expect([customer.tenantHost, run.id]).toEqual([hostOf('right'), runId]);
    expect(await retry(runId)).toMatchObject({ state: 'succeeded' });
    expect((await stack.state('right')).clientsCreated).toBe(1);
    expect((await stack.state('wrong')).clientsCreated).toBe(0);
  });

  it('refuses a tenant that another live customer has', async () => {
    const holder = await ready('taken');
    const { customerId } = await stoppedAtFirst('taker');
    const answer = await patch(customerId, { tenantHost: hostOf('taken') });
    expect(answer).toMatchObject({ status: 409, body: { code: 'TENANT_HOST_TAKEN', customerId: holder } });
    expect((await get(customerId)).tenantHost).toBe(hostOf('taker'));
  });

  it('refuses another tenant where a client may have been made that nobody has seen', async () => {
    const host = hostOf('unsure');
    await stack.fault({ kind: 'reset-after', tenantHost: host, operation: 'create', times: 1 });
    const { customerId, runId } = await stack.onboard('unsure');
    await stack.runWhen(runId, (run) => run.state === 'waiting' && run.step === 'create-oauth-client');
    const busy = await patch(customerId, { tenantHost: hostOf('elsewhere') });
    expect(busy).toMatchObject({ status: 409, body: { code: 'CUSTOMER_BUSY', runId } });
    await stack.test.database.sql.$executeRaw`
      UPDATE runs SET state = 'failed', holds_slot = false, fence = fence + 1, next_run_at = NULL WHERE id = ${runId}::uuid`;
    const fixed = await patch(customerId, { tenantHost: hostOf('elsewhere') });
    expect(fixed).toMatchObject({ status: 409, body: { code: 'TENANT_HOST_FIXED' } });
  });

  /** An onboarding that was refused before it made anything. */
  async function stoppedAtFirst(name: string): Promise<{ customerId: string; runId: string }> {
    await stack.fault({ kind: 'status', status: 403, tenantHost: hostOf(name), operation: 'list', times: 1 });
    const onboarding = await stack.onboard(name, WANTED);
    expect(await stack.runEnd(onboarding.runId)).toMatchObject({
      state: 'needs_attention',
      step: 'check-tenant-access',
    });
    return onboarding;
  }
});

describe('changing a customer whose onboarding has not begun', () => {
  start();

  it('changes whatever is asked', async () => {
    const { customerId, runId } = await whilePaused('onboarding', async () => {
      const onboarding = await stack.onboard('waiting', WANTED);
      const { run } = await accepted(onboarding.customerId, { ...CHANGED, tenantHost: hostOf('moved') });
      expect(run.id).toBe(onboarding.runId);
      return onboarding;
    });
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
    expect(await settingsAt('moved')).toEqual(CHANGED);
    expect(await runOf(runId)).toMatchObject({ customerId });
  });
});
