import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startDashboard } from '../../apps/dashboard/src/start-dashboard.js';
import { writeCustomer, writeRun, writeSecretVersions } from './dashboard-rows.js';
import { type DashboardUnderTest, startDashboardUnderTest } from './dashboard-under-test.js';

// The page is built first.
jest.setTimeout(60_000);

let dashboard: DashboardUnderTest;

beforeAll(async () => {
  dashboard = await startDashboardUnderTest();
});

afterAll(() => dashboard.close());

interface Call {
  body?: unknown;
  headers?: Record<string, string>;
}

async function call(method: string, path: string, { body, headers }: Call = {}, url = dashboard.url) {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as unknown };
}

async function signIn(): Promise<{ cookie: string; 'x-csrf-token': string }> {
  const token = (await dashboard.makeLoginLink('jane')).split('#')[1];
  const { headers, body } = await call('POST', '/session', { body: { token } });
  const { csrfToken } = body as { csrfToken: string };
  return { cookie: headers.get('set-cookie')!.split(';')[0]!, 'x-csrf-token': csrfToken };
}

const id = '01a20109-bf8b-76df-98e2-059d5b0b24a5';

describe('without a session', () => {
  it.each([
    ['GET', '/session'],
    ['DELETE', '/session'],
    ['GET', '/api/overview'],
    ['GET', '/api/runs'],
    ['GET', `/api/runs/${id}`],
    ['POST', `/api/runs/${id}/retry`],
    ['POST', `/api/runs/${id}/cancel`],
    ['GET', '/api/customers'],
    ['GET', `/api/customers/${id}`],
    ['GET', `/api/customers/${id}/secret`],
    ['POST', `/api/customers/${id}/rotations`],
    ['POST', `/api/customers/${id}/rotations/rollback`],
    ['POST', `/api/customers/${id}/acknowledgements`],
    ['POST', `/api/customers/${id}/offboarding`],
    ['GET', '/api/audit-events'],
    ['GET', '/api/pauses'],
    ['POST', '/api/pauses'],
    ['DELETE', `/api/pauses/${id}`],
  ])('%s %s is 401 and says how to get one', async (method, path) => {
    const answer = await call(method, path, { headers: { cookie: 'session=made-up' } });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SESSION_OVER', status: 401 } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect((answer.body as { detail: string }).detail).toContain('operators login-link --operator NAME');
  });

  it.each(['/', '/login', '/livez', '/readyz'])('%s is served', async (path) => {
    expect(await call('GET', path)).toMatchObject({ status: 200 });
  });
});

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

describe('the page', () => {
  it('has a style nonce of its own in every response, and lets nothing else in', async () => {
    const [first, second] = await Promise.all([call('GET', '/'), call('GET', '/runs')]);
    const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(first.headers.get('content-security-policy')!)![1]!;
    expect(first.body).toContain(`nonce="${nonce}"`);
    expect(first.body).not.toContain('__CSP_NONCE__');
    expect(second.headers.get('content-security-policy')).not.toContain(nonce);
    expect(first.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(first.headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
  });

  it('has files that a browser may keep for ever, and nothing else that it may keep', async () => {
    const html = (await call('GET', '/')).body as string;
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)![1]!;
    expect((await call('GET', script)).headers.get('cache-control')).toContain('immutable');
    expect((await call('GET', '/')).headers.get('cache-control')).toBe('no-store');
    expect((await call('GET', '/api/overview', { headers: await signIn() })).headers.get('cache-control')).toBe(
      'no-store',
    );
  });

  it.each([
    ['/nowhere', 404, 'text/html'],
    ['/assets/gone.js', 404, 'application/problem+json'],
    ['/api/nowhere', 404, 'application/problem+json'],
    ['/index.html', 404, 'text/html'],
    ['/%zz', 400, 'application/problem+json'],
  ])('%s is %d %s', async (path, status, type) => {
    const answer = await call('GET', path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain(type);
  });
});

describe('the session cookie', () => {
  it('is for https alone when the request came over https', async () => {
    const token = (await dashboard.makeLoginLink('jane')).split('#')[1];
    const headers = { 'x-forwarded-proto': 'https' };
    const { headers: answered } = await call('POST', '/session', { body: { token }, headers });
    const cookie = answered.get('set-cookie')!;
    expect(cookie).toMatch(/^__Host-session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/);
    const session = { cookie: cookie.split(';')[0]!, ...headers };
    expect(await call('GET', '/session', { headers: session })).toMatchObject({
      status: 200,
      body: { operator: 'jane' },
    });
  });
});

describe('in production', () => {
  it('the cookie and every reply are for https alone', async () => {
    const production = await startDashboardUnderTest({ NODE_ENV: 'production' });
    try {
      const token = (await production.makeLoginLink('jane')).split('#')[1];
      const { headers } = await call('POST', '/session', { body: { token } }, production.url);
      expect(headers.get('set-cookie')).toMatch(/^__Host-session=.*; Secure$/);
      expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/);
    } finally {
      await production.close();
    }
  });
});

describe('without a built page', () => {
  it('says in a sentence what to do, and serves the rest', async () => {
    const running = await startDashboard(
      { DATABASE_URL: dashboard.databaseUrl.reveal(), PORT: '0', LOG_LEVEL: 'silent' },
      // The source of the page is not its build.
      { webFolder: 'apps/dashboard/web' },
    );
    try {
      const page = await call('GET', '/login', {}, running.url);
      expect(page).toMatchObject({ status: 503 });
      expect(page.body).toContain('Run "npm run build"');
      expect(await call('GET', '/readyz', {}, running.url)).toMatchObject({ status: 200 });
    } finally {
      await running.close();
    }
  });
});
