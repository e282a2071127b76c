import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Call, callDashboard, signInTo } from './dashboard-calls.js';
import { writeCustomer, writeRun, writeSecretVersions } from './dashboard-rows.js';
import { type DashboardUnderTest, startDashboardUnderTest } from './dashboard-under-test.js';

// The page is built first.
jest.setTimeout(60_000);

let dashboard: DashboardUnderTest;

beforeAll(async () => {
  dashboard = await startDashboardUnderTest();
});

afterAll(() => dashboard.close());

const call = (method: string, path: string, options?: Call) => callDashboard(dashboard.url, method, path, options);
const signIn = () => signInTo(dashboard);

const id = '01a20109-bf8b-76df-98e2-059d5b0b24a5';

describe('a change', () => {
  const write = async () => {
    const customerId = await writeCustomer(dashboard.database, `Changed ${id.slice(0, 4)}`, 'onboarding');
    return writeRun(dashboard.database, {
      customerId,
      state: 'needs_attention',
      done: 0,
      stepState: 'needs_attention',
    });
  };
  let runId: string;
  beforeAll(async () => {
    runId = await write();
  });
  const body = { reason: 'because', revision: 4 };

  it.each([
    ['no CSRF token', { 'x-csrf-token': '' }, 'CSRF_TOKEN_REFUSED'],
    ['another CSRF token', { 'x-csrf-token': 'made-up' }, 'CSRF_TOKEN_REFUSED'],
    ['the origin of another site', { origin: 'https://evil.example' }, 'ORIGIN_REFUSED'],
    ['a hidden origin', { origin: 'null' }, 'ORIGIN_REFUSED'],
  ])('is 403 with %s and changes nothing', async (_what, headers, code) => {
    const session = await signIn();
    const answer = await call('POST', `/api/runs/${runId}/retry`, { body, headers: { ...session, ...headers } });
    expect(answer).toMatchObject({ status: 403, body: { code } });
    const run = await dashboard.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(run).toMatchObject({ state: 'needs_attention', revision: 4 });
  });

  it.each([
    [{ reason: ' ', revision: 4 }, 400, 'REQUEST_INVALID'],
    [{ reason: 'because' }, 400, 'REQUEST_INVALID'],
    [{ reason: 'because', revision: 4, extra: 1 }, 400, 'REQUEST_INVALID'],
    ['{', 400, 'BODY_NOT_JSON'],
    [{ reason: 'x'.repeat(20_000), revision: 4 }, 413, 'BODY_TOO_LARGE'],
    [{ reason: 'because', revision: 3 }, 412, 'RUN_CHANGED'],
  ])('of %p is %d %s', async (sent, status, code) => {
    const headers = await signIn();
    const answer = await call('POST', `/api/runs/${runId}/retry`, { body: sent, headers });
    expect(answer).toMatchObject({ status, body: { code } });
  });

  it('from our own origin is made once; then the state no longer allows it', async () => {
    const headers = { ...(await signIn()), origin: dashboard.url };
    const first = await call('POST', `/api/runs/${runId}/retry`, { body, headers });
    expect(first).toMatchObject({
      status: 200,
      body: { state: 'queued', revision: 5, canRetry: false, canCancel: true },
    });
    const again = await call('POST', `/api/runs/${runId}/retry`, { body: { ...body, revision: 5 }, headers });
    expect(again).toMatchObject({ status: 409, body: { code: 'RUN_STATE_CONFLICT' } });
  });
});

describe('a pause', () => {
  const lift = (pauseId: string, headers: Record<string, string>) =>
    call('DELETE', `/api/pauses/${pauseId}`, { headers });

  it('is set and lifted in the name of the operator, and counts what it holds', async () => {
    const headers = await signIn();
    const customerId = await writeCustomer(dashboard.database, 'Held', 'onboarding');
    const runId = await writeRun(dashboard.database, { customerId, state: 'queued', done: 0 });
    const { wokenAt } = await dashboard.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    const overview = async () => (await call('GET', '/api/overview', { headers })).body;
    expect(await overview()).toMatchObject({ pauses: 0, queuedSince: wokenAt.toISOString() });
    const body = { tenantHost: 'held.eu.qlikcloud.com', reason: 'maintenance' };
    const first = await call('POST', '/api/pauses', { body, headers });
    expect(first).toMatchObject({ status: 201, body: { ...body, plan: null, actor: 'operator:jane' } });
    expect(await call('POST', '/api/pauses', { body, headers })).toMatchObject({ status: 200, body: first.body });
    const { body: listed } = await call('GET', '/api/pauses', { headers });
    expect(listed).toMatchObject({
      pauses: [{ heldRuns: 1, customer: { name: 'Held' } }],
      plans: ['onboarding', 'rotation', 'reconciliation', 'offboarding', 'preflight'],
    });
    expect(await overview()).toMatchObject({
      pauses: 1,
      queuedSince: expect.not.stringMatching(wokenAt.toISOString()),
    });
    const { id: pauseId } = first.body as { id: string };
    expect(await lift(pauseId, headers)).toMatchObject({ status: 204 });
    expect(await lift(pauseId, headers)).toMatchObject({ status: 404, body: { code: 'PAUSE_NOT_FOUND' } });
  });

  it.each([
    [{ tenantHost: 'nobody.eu.qlikcloud.com', reason: 'r' }, 'TENANT_UNKNOWN'],
    [{ plan: 'nothing', reason: 'r' }, 'REQUEST_INVALID'],
    [{ plan: 'onboarding', tenantHost: 'held.eu.qlikcloud.com', reason: 'r' }, 'REQUEST_INVALID'],
    [{ plan: 'onboarding', reason: ' ' }, 'REQUEST_INVALID'],
  ])('of %j is refused', async (body, code) => {
    const answer = await call('POST', '/api/pauses', { body, headers: await signIn() });
    expect(answer).toMatchObject({ status: 400, body: { code } });
  });

  it('is 403 without a CSRF token', async () => {
    const headers = { ...(await signIn()), 'x-csrf-token': '' };
    const body = { plan: 'onboarding', reason: 'r' };
    expect(await call('POST', '/api/pauses', { body, headers })).toMatchObject({ status: 403 });
    expect(await lift(id, headers)).toMatchObject({ status: 403 });
  });
});

describe('a rotation', () => {
  const ask = async (customerId: string, path: string, body: unknown, changed: Record<string, string> = {}) =>
    call('POST', `/api/customers/${customerId}/${path}`, { body, headers: { ...(await signIn()), ...changed } });
  const runsOf = (customerId: string) => dashboard.database.client.run.count({ where: { customerId } });

  it.each(['rotations', 'rotations/rollback', 'acknowledgements'])(
    'is not asked for by a page of another site (%s)',
    async (path) => {
      const body = path === 'rotations' ? { mode: 'emergency', reason: 'r' } : { reason: 'r' };
      const foreign = await ask(id, path, body, { origin: 'https://evil.example' });
      expect(foreign).toMatchObject({ status: 403, body: { code: 'ORIGIN_REFUSED' } });
      const forged = await ask(id, path, body, { 'x-csrf-token': '' });
      expect(forged).toMatchObject({ status: 403, body: { code: 'CSRF_TOKEN_REFUSED' } });
    },
  );

  it('is begun once, and refused in the words of the service', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Asked twice', 'ready');
    await writeSecretVersions(dashboard.database, customerId, [{ state: 'current', inUseMs: 1_000 }]);
    const graceful = { mode: 'graceful', reason: 'because' };
    const first = await ask(customerId, 'rotations', graceful);
    expect(first.status).toBe(202);
    const { runId } = first.body as { runId: string };
    const run = await dashboard.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(run).toMatchObject({ customerId, plan: 'rotation', input: { mode: 'graceful' }, actor: 'operator:jane' });
    const again = await ask(customerId, 'rotations', graceful);
    expect(again).toMatchObject({ status: 409, body: { code: 'ROTATION_ACTIVE', runId } });
    expect(again.headers.get('content-type')).toBe('application/problem+json');
    // One that has not begun becomes the emergency.
    const emergency = await ask(customerId, 'rotations', { mode: 'emergency', reason: 'leaked' });
    expect(emergency).toMatchObject({ status: 202, body: { runId } });
    expect(await ask(customerId, 'rotations/rollback', { reason: 'r' })).toMatchObject({
      ...{ status: 409, body: { code: 'NOTHING_TO_ROLL_BACK' } },
    });
    expect(await ask(customerId, 'acknowledgements', { version: 2 })).toMatchObject({
      ...{ status: 409, body: { code: 'VERSION_NOT_CURRENT', version: 1 } },
    });
    expect(await ask(customerId, 'acknowledgements', { version: 1 })).toMatchObject({ status: 204 });
    expect(await runsOf(customerId)).toBe(1);
  });

  it('is refused for a customer that is not there or not ready', async () => {
    const body = { mode: 'graceful', reason: 'r' };
    expect(await ask(id, 'rotations', body)).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
    const early = await writeCustomer(dashboard.database, 'Not yet', 'onboarding');
    expect(await ask(early, 'rotations', body)).toMatchObject({ status: 409, body: { code: 'CUSTOMER_NOT_READY' } });
    const gone = await writeCustomer(dashboard.database, 'Gone', 'offboarded');
    expect(await ask(gone, 'rotations', body)).toMatchObject({ status: 410, body: { code: 'CUSTOMER_OFFBOARDED' } });
  });

  it.each([
    ['rotations', { mode: 'rollback', reason: 'r' }],
    ['rotations', { mode: 'graceful' }],
    ['rotations', { mode: 'graceful', reason: ' ' }],
    ['rotations', { mode: 'graceful', reason: 'r', extra: 1 }],
    ['rotations/rollback', {}],
    ['acknowledgements', { version: 0 }],
    ['acknowledgements', { version: 1, reason: 'r' }],
  ])('is refused with a body that is not one (%s %j)', async (path, body) => {
    expect(await ask(id, path, body)).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  });
});

describe('an offboarding', () => {
  const ask = async (customerId: string, body: unknown, changed: Record<string, string> = {}) =>
    call('POST', `/api/customers/${customerId}/offboarding`, { body, headers: { ...(await signIn()), ...changed } });

  it('is begun once, in the name of the operator, and offers neither itself nor a cancel from then on', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Leaves', 'ready');
    const headers = await signIn();
    const path = `/api/customers/${customerId}`;
    expect((await call('GET', path, { headers })).body).toMatchObject({ state: 'ready', canOffboard: true });
    const first = await ask(customerId, { reason: 'the contract ended' });
    expect(first.status).toBe(202);
    const { runId } = first.body as { runId: string };
    expect(await ask(customerId, { reason: 'again' })).toMatchObject({ status: 202, body: { runId } });
    expect((await call('GET', path, { headers })).body).toMatchObject({ state: 'offboarding', canOffboard: false });
    const { body: run } = await call('GET', `/api/runs/${runId}`, { headers });
    expect(run).toMatchObject({
      ...{ plan: 'offboarding', actor: 'operator:jane', reason: 'the contract ended' },
      canCancel: false,
    });
    const { revision } = run as { revision: number };
    const cancel = { reason: 'r', revision };
    expect(await call('POST', `/api/runs/${runId}/cancel`, { body: cancel, headers })).toMatchObject({
      ...{ status: 409, body: { code: 'OFFBOARDING_FINAL' } },
    });
  });

  it('is refused without a reason, from another site, and for a customer that was offboarded', async () => {
    expect(await ask(id, {})).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    const foreign = await ask(id, { reason: 'r' }, { origin: 'https://evil.example' });
    expect(foreign).toMatchObject({ status: 403, body: { code: 'ORIGIN_REFUSED' } });
    const gone = await writeCustomer(dashboard.database, 'Left', 'offboarded');
    expect(await ask(gone, { reason: 'r' })).toMatchObject({ status: 410, body: { code: 'CUSTOMER_OFFBOARDED' } });
  });
});
