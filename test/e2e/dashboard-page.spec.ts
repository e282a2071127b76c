import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startDashboard } from '../../apps/dashboard/src/start-dashboard.js';
import { type Call, callDashboard, signInTo } from './dashboard-calls.js';
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

describe('without a built page', () => {
  it('says in a sentence what to do, and serves the rest', async () => {
    const running = await startDashboard(
      { DATABASE_URL: dashboard.databaseUrl.reveal(), PORT: '0', LOG_LEVEL: 'silent' },
      // The source of the page is not its build.
      { webFolder: 'apps/dashboard/web' },
    );
    try {
      const page = await callDashboard(running.url, 'GET', '/login');
      expect(page).toMatchObject({ status: 503 });
      expect(page.body).toContain('Run "npm run build"');
      expect(await callDashboard(running.url, 'GET', '/readyz')).toMatchObject({ status: 200 });
    } finally {
      await running.close();
    }
  });
});
