import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { makeApiKey } from '../api-key.js';
import { buildExamples, EXAMPLE_SCOPES, ExampleProcess } from '../example-process.js';
import { Stack } from '../stack.js';
import { claimsOf } from './tokens-under-test.js';

jest.setTimeout(60_000);

const NEVER_SECONDS = '86400';

let stack: Stack;
let folder: string;
let apiKey: string;
beforeAll(async () => {
  await buildExamples();
  folder = await mkdtemp(join(tmpdir(), 'examples-'));
  stack = await Stack.start({ env: { WEBHOOK_ALLOW_LOOPBACK: 'true' } });
  apiKey = await makeApiKey(stack.test.database, EXAMPLE_SCOPES);
});
afterAll(async () => {
  await stack.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(['express-signup', 'nest-signup'])('the example %s', (name) => {
  const [first, second, third, last, lost] = ['one', 'two', 'three', 'four', 'five'].map((which) => {
    const host = `${name}-${which}.eu.qlikcloud.com`;
    return { host, userId: `user-of-${host}` };
  }) as [Tenant, Tenant, Tenant, Tenant, Tenant];
  let endpoint: { id: string; secret: string };
  let example: ExampleProcess;
  let env: NodeJS.ProcessEnv;

  const start = async (changes: NodeJS.ProcessEnv = {}) => {
    example = await ExampleProcess.start(name, { ...env, ...changes });
    const body = { url: `${example.url}/webhooks` };
    await stack.call('PATCH', `/v1/webhook-endpoints/${endpoint.id}`, { body });
  };
  const restart = async (changes?: NodeJS.ProcessEnv) => {
    await example.kill();
    await start(changes);
  };

  beforeAll(async () => {
    for (const { host, userId } of [first, second, third, last, lost]) {
      const users = [{ id: userId, subject: `idp|${userId}`, email: 'x@x.example' }];
      await stack.sandboxCall('PUT', `/tenants/${host}`, { users });
    }
    const body = { url: 'http://127.0.0.1:9/webhooks' };
    endpoint = (await stack.call('POST', '/v1/webhook-endpoints', { body })).body;
    env = {
      PORT: '0',
      ORIGIN: 'http://localhost:8080',
      PROVISIONER_URL: stack.api.url,
      PROVISIONER_API_KEY: apiKey,
      WEBHOOK_SECRETS: endpoint.secret,
      TENANTS: JSON.stringify([first, second, third, last, lost]),
      SIGN_UPS_FILE: join(folder, `${name}.json`),
      LOOK_AGAIN_SECONDS: NEVER_SECONDS,
    };
    await start();
  });
  afterAll(async () => {
    await example.kill();
    await stack.call('DELETE', `/v1/webhook-endpoints/${endpoint.id}`);
  });

  const ask = async (method: string, path: string, { cookie, body }: { cookie?: string; body?: object } = {}) => {
    const response = await fetch(example.url + path, {
      method,
      headers: { ...(cookie && { cookie }), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };

  async function signUp(email: string): Promise<string> {
    const { status, headers, body } = await ask('POST', '/signup', { body: { email, company: email } });
    expect({ status, body }).toMatchObject({ status: 201, body: { state: 'preparing' } });
    const [cookie, ...attributes] = headers.get('set-cookie')!.split('; ');
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict']));
    return cookie!;
  }
  const isMailed = (email: string) => new RegExp(`^mail to ${email}`);
  const tokenFor = (cookie: string, body?: object) =>
    ask('POST', '/analytics/token', { cookie, ...(body && { body }) });
  const deliveries = async () =>
    (await stack.call('GET', `/v1/webhook-endpoints/${endpoint.id}/deliveries?limit=100`)).body.deliveries;
  const customerAt = async ({ host }: Tenant): Promise<any> => {
    const { body } = await stack.call('GET', '/v1/customers?limit=100');
    return body.customers.find(({ tenantHost }: any) => tenantHost === host);
  };

  let ann: string;
  it('signs a customer up, hears by webhook that it is ready, and gives its user a token of its tenant', async () => {
    expect((await ask('GET', '/')).body).toContain('Your analytics are being prepared');
    await stack.fault({ tenantHost: first.host, operation: 'create', kind: 'delay', delayMs: 200, times: 1 });
    ann = await signUp('ann@one.example');
    expect((await tokenFor(ann)).status).toBe(409);
    await example.prints(isMailed('ann@one.example'));
    const shown = await ask('GET', '/signup', { cookie: ann });
    expect(shown.body).toEqual({ state: 'ready', tenantHost: first.host, clientId: expect.any(String) });
    const token = await tokenFor(ann);
    expect(token.headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(token.body).sort()).toEqual(['accessToken', 'expiresInSeconds']);
    expect(claimsOf(token)).toMatchObject({
      host: first.host,
      sub: first.userId,
      clientId: shown.body.clientId,
      kind: 'user',
    });
  });

  it('gives nobody a token of another customer, whatever the browser says', async () => {
    const bob = await signUp('bob@two.example');
    await example.prints(isMailed('bob@two.example'));
    const { id } = await customerAt(first);
    const body = { customerId: id, id, tenantHost: first.host, userId: first.userId };
    const claims = claimsOf(await tokenFor(bob, body));
    expect(claims).toMatchObject({ host: second.host, sub: second.userId });
    for (const cookie of [undefined, 'session=', `session=${id}`, `${bob}x`, `session=${'A'.repeat(43)}`]) {
      const refused = await ask('POST', '/analytics/token', cookie === undefined ? {} : { cookie });
      expect(refused.status).toBe(401);
      expect((await ask('GET', '/signup', cookie === undefined ? {} : { cookie })).status).toBe(401);
    }
  });

  it('refuses webhooks that we did not sign', async () => {
    const send = (signature: string) =>
      fetch(`${example.url}/webhooks`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': 'forged',
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': signature,
        },
        body: JSON.stringify({ type: 'run.needs_attention', timestamp: new Date().toISOString(), data: {} }),
      });
    expect((await send(`v1,${Buffer.alloc(32).toString('base64')}`)).status).toBe(401);
    expect((await send('')).status).toBe(401);
    expect(example.count(/run\.needs_attention/)).toBe(0);
  });

  it('tells support what needs a person, and goes on once it is mended', async () => {
    await stack.sandboxCall('PUT', `/tenants/${third.host}`, { users: [], disabled: true });
    const cat = await signUp('cat@three.example');
    await example.prints(/^support: sign-up .*TENANT_DISABLED/);
    const { body } = await ask('GET', '/signup', { cookie: cat });
    expect(body).toEqual({ state: 'stopped', reference: expect.any(String) });

    // The same again, as when our answer to it was lost: nobody is told a second time.
    const isTrouble = ({ type }: any) => type === 'run.needs_attention';
    const trouble = (await deliveries()).find(isTrouble);
    const replay = { deliveryIds: [trouble.id] };
    await stack.call('POST', `/v1/webhook-endpoints/${endpoint.id}/replay`, { body: replay });
    await untilTrue(async () => (await deliveries()).find(isTrouble).attempts.length > trouble.attempts.length);
    expect(example.count(/^support:/)).toBe(1);

    const users = [{ id: third.userId, subject: 's', email: 'x@x.example' }];
    await stack.sandboxCall('PUT', `/tenants/${third.host}`, { users });
    const { currentRunId } = await customerAt(third);
    const { headers } = await stack.call('GET', `/v1/runs/${currentRunId}`);
    await stack.call('POST', `/v1/runs/${currentRunId}/retry`, {
      headers: { 'if-match': String(headers.etag) },
      body: { reason: 'mended' },
    });
    await example.prints(isMailed('cat@three.example'));
    expect(claimsOf(await tokenFor(cat))).toMatchObject({ host: third.host, sub: third.userId });
  });

  it('loses nothing when it dies: not the session, not the sign-up, not a webhook that it missed', async () => {
    // It cannot reach the API, so the sign-up is all that there is when it dies.
    await restart({ PROVISIONER_URL: 'http://127.0.0.1:9' });
    const dan = await signUp('dan@four.example');
    await restart();
    await untilTrue(async () => (await customerAt(last)) !== undefined);
    // And now it is away when the webhook comes.
    await example.kill();
    await stack.runEnd((await customerAt(last)).currentRunId, 30_000);
    await start({ LOOK_AGAIN_SECONDS: '0.1' });
    await untilTrue(async () => (await ask('GET', '/signup', { cookie: dan })).body.state === 'ready');
    expect(claimsOf(await tokenFor(dan))).toMatchObject({ host: last.host, sub: last.userId });
    const { body } = await stack.call('GET', '/v1/customers?limit=100');
    expect(body.customers.filter(({ tenantHost }: any) => tenantHost === last.host)).toHaveLength(1);
    // Those who were ready are not told again, and their sessions hold.
    expect(example.count(isMailed('ann@one.example'))).toBe(0);
    expect((await tokenFor(ann)).status).toBe(200);
  });

  it('finds the customer that it asked for and was not told of, though its API key was changed since', async () => {
    await restart({ PROVISIONER_URL: 'http://127.0.0.1:9' });
    const eve = await signUp('eve@five.example');
    const { reference: id } = (await ask('GET', '/signup', { cookie: eve })).body;
    const { body: accepted } = await stack.call('POST', '/v1/customers', {
      headers: { 'idempotency-key': `signup-${id}` },
      body: { externalId: id, name: 'eve@five.example', tenantHost: lost.host },
    });
    await stack.runEnd(accepted.run.id, 30_000);
    await restart({ LOOK_AGAIN_SECONDS: '0.1' });
    await untilTrue(async () => (await ask('GET', '/signup', { cookie: eve })).body.state === 'ready');
    expect(claimsOf(await tokenFor(eve))).toMatchObject({ host: lost.host, sub: lost.userId });
    expect(example.count(/^support:/)).toBe(0);
  });

  it('keeps key and secrets to itself', async () => {
    const pages = await Promise.all([ask('GET', '/'), ask('GET', '/signup', { cookie: ann }), tokenFor(ann)]);
    const all = JSON.stringify(pages.map(({ body }) => body)) + example.lines.join('\n');
    const { id } = await customerAt(first);
    const { body } = await stack.call('GET', `/v1/customers/${id}/credentials`);
    for (const secret of [apiKey, endpoint.secret, body.clientSecret]) expect(all).not.toContain(secret);
  });
});

interface Tenant {
  host: string;
  userId: string;
}

/** Asks until it is so; the test's own time limit ends it. */
async function untilTrue(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}
