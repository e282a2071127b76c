import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Call, callDashboard } from './dashboard-calls.js';
import { type DashboardUnderTest, startDashboardUnderTest } from './dashboard-under-test.js';

// The page is built first.
jest.setTimeout(60_000);

let dashboard: DashboardUnderTest;

beforeAll(async () => {
  dashboard = await startDashboardUnderTest();
});

afterAll(() => dashboard.close());

const call = (method: string, path: string, options?: Call) => callDashboard(dashboard.url, method, path, options);

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
      const { headers } = await callDashboard(production.url, 'POST', '/session', { body: { token } });
      expect(headers.get('set-cookie')).toMatch(/^__Host-session=.*; Secure$/);
      expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/);
    } finally {
      await production.close();
    }
  });
});
