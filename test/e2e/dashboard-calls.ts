import type { DashboardUnderTest } from './dashboard-under-test.js';

/** What a call sends; a body that is text goes as it is. */
export interface Call {
  body?: unknown;
  headers?: Record<string, string>;
}

/** A call as a browser makes it, to the dashboard at `url`. */
export async function callDashboard(url: string, method: string, path: string, { body, headers }: Call = {}) {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as unknown };
}

/** The headers of an operator who has just signed in. */
export async function signInTo(dashboard: DashboardUnderTest): Promise<{ cookie: string; 'x-csrf-token': string }> {
  const token = (await dashboard.makeLoginLink('jane')).split('#')[1];
  const { headers, body } = await callDashboard(dashboard.url, 'POST', '/session', { body: { token } });
  const { csrfToken } = body as { csrfToken: string };
  return { cookie: headers.get('set-cookie')!.split(';')[0]!, 'x-csrf-token': csrfToken };
}
