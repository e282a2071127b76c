import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { impersonationClient, send, TenantClient } from '../testing/tenant-client.js';

let sandbox: Sandbox;
let hosts = 0;
const newTenant = () => TenantClient.connect(sandbox.url, `f${hosts++}.eu.qlikcloud.com`, 'p', 's');
const control = (method: string, path: string, body?: unknown) =>
  send(sandbox.url, 'control', method, `/_sandbox${path}`, { body });

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
});
afterEach(() => control('DELETE', '/faults'));
afterAll(() => sandbox.close());

const post = (tenant: TenantClient) => tenant.api('POST', '', { body: impersonationClient });

describe('a fault on create', () => {
  it.each([
    ['reset-before', {}, 0],
    ['reset-after', {}, 1],
    ['truncate', {}, 1],
  ])('%s breaks the connection; clients made: %j %d', async (kind, more, made) => {
    const tenant = await newTenant();
    await tenant.fault({ operation: 'create', kind, times: 1, ...more });
    await expect(post(tenant)).rejects.toThrow();
    expect((await tenant.state()).clientsCreated).toBe(made);
    expect((await post(tenant)).status).toBe(201);
  });

  it('truncate announces the whole body and sends half of it', async () => {
    const tenant = await newTenant();
    const whole = JSON.stringify((await tenant.api('GET', '')).body);
    await tenant.fault({ operation: 'list', kind: 'truncate' });
    const answer = await request(`${sandbox.url}/api/v1/oauth-clients`, {
      headers: { host: tenant.host, authorization: `Bearer ${tenant.token}` },
    });
    expect(answer.headers['content-length']).toBe(String(whole.length));
    let received = '';
    const reading = (async () => {
      for await (const chunk of answer.body) received += String(chunk);
    })();
    await expect(reading).rejects.toThrow();
    expect(received).toBe(whole.slice(0, Math.floor(whole.length / 2)));
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('status with after: %p makes %d', async (after, made) => {
    const tenant = await newTenant();
    await tenant.fault({ operation: 'create', kind: 'status', status: 503, after, retryAfter: 3, times: 1 });
    const reply = await post(tenant);
    expect(reply).toMatchObject({
      status: 503,
      body: { errors: [{ code: 'HTTP-503' }] },
      headers: { 'retry-after': '3' },
    });
    expect((await tenant.state()).clientsCreated).toBe(made);
  });

  it('status sends any body and header that is asked for', async () => {
    const tenant = await newTenant();
    await tenant.fault({ operation: 'create', kind: 'status', status: 201, after: true, body: { clientId: 'x' } });
    expect(await post(tenant)).toMatchObject({ status: 201, body: { clientId: 'x' } });
    await control('DELETE', '/faults');
    await tenant.fault({
      operation: 'list',
      kind: 'status',
      status: 302,
      headers: { location: 'http://169.254.169.254/' },
    });
    expect(await tenant.api('GET', '')).toMatchObject({
      status: 302,
      headers: { location: 'http://169.254.169.254/' },
    });
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('hang with after: %p never answers and makes %d', async (after, made) => {
    const tenant = await newTenant();
    await tenant.fault({ operation: 'create', kind: 'hang', after });
    const hanging = post(tenant).catch(() => 'broken');
    const first = await Promise.race([hanging, new Promise((resolve) => setTimeout(resolve, 150, 'silence'))]);
    expect(first).toBe('silence');
    expect((await tenant.state()).clientsCreated).toBe(made);
  });

  it('delay goes on to commit when the caller has given up', async () => {
    const tenant = await newTenant();
    await tenant.fault({ operation: 'create', kind: 'delay', delayMs: 120 });
    const abandoned = request(`${sandbox.url}/api/v1/oauth-clients`, {
      method: 'POST',
      headers: { host: tenant.host, authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(impersonationClient),
      signal: AbortSignal.timeout(40),
    });
    await expect(abandoned).rejects.toThrow();
    expect((await tenant.state()).clientsCreated).toBe(0);
    while ((await tenant.state()).clientsCreated === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('delay waits and then proceeds', async () => {
    const tenant = await newTenant();
    await tenant.fault({ operation: 'create', kind: 'delay', delayMs: 120 });
    const before = Date.now();
    expect((await post(tenant)).status).toBe(201);
    expect(Date.now() - before).toBeGreaterThanOrEqual(115);
  });

  it('drip sends the whole answer, slowly', async () => {
    const tenant = await newTenant();
    await tenant.fault({ operation: 'list', kind: 'drip', delayMs: 1 });
    expect((await tenant.api('GET', '')).body.data).toEqual([]);
  });

  it.each([
    [undefined, '1'],
    [7, '7'],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    [null, undefined],
  ])('rate-limit with retryAfter %j answers 429 with %j', async (retryAfter, header) => {
    const tenant = await newTenant();
    await tenant.fault({
      operation: 'create',
      kind: 'rate-limit',
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
    const reply = await post(tenant);
    expect(reply).toMatchObject({ status: 429, body: { errors: [{ code: 'HTTP-429' }] } });
    expect(reply.headers['retry-after']).toBe(header);
  });

  it('same-hint gives a new secret a hint that is taken; deleting by it takes the older one', async () => {
    const tenant = await newTenant();
    const { clientId, clientSecret, clientSecretHint } = await tenant.create();
    await tenant.fault({ operation: 'secret-create', kind: 'same-hint' });
    const second = await tenant.api('POST', `/${clientId}/client-secrets`);
    expect(second.body.hint).toBe(clientSecretHint);
    await tenant.api('DELETE', `/${clientId}/client-secrets/${clientSecretHint}`);
    expect((await tenant.tokenFor(clientId, clientSecret)).status).toBe(401);
    expect((await tenant.tokenFor(clientId, second.body.clientSecret)).status).toBe(200);
  });
});

describe('the registry of faults', () => {
  it('strikes only the tenant, the operation and as often as asked, and says how many remain', async () => {
    const [struck, spared] = [await newTenant(), await newTenant()];
    const { body } = await struck.fault({ operation: 'list', kind: 'status', status: 500, times: 2 });
    expect((await spared.api('GET', '')).status).toBe(200);
    expect((await struck.api('GET', '/none')).status).toBe(404);
    expect((await struck.api('GET', '')).status).toBe(500);
    const { faults } = (await control('GET', '/faults')).body;
    expect(faults).toMatchObject([{ id: body.id, kind: 'status', times: 2, struck: 1, remaining: 1 }]);
    expect((await struck.api('GET', '')).status).toBe(500);
    expect((await struck.api('GET', '')).status).toBe(200);
    expect((await control('DELETE', `/faults/${body.id}`)).status).toBe(204);
    expect((await control('DELETE', `/faults/${body.id}`)).status).toBe(404);
  });

  it('repeats the same chances for the same seed', async () => {
    const strikes = async (seed: number) => {
      const tenant = await newTenant();
      await tenant.fault({ operation: 'list', kind: 'status', status: 500, probability: 0.5, seed });
      const seen: number[] = [];
      for (let call = 0; call < 40; call += 1) seen.push((await tenant.api('GET', '')).status);
      return seen;
    };
    const first = await strikes(7);
    expect(first).toEqual(await strikes(7));
    expect(first).not.toEqual(await strikes(8));
    expect(new Set(first)).toEqual(new Set([200, 500]));
  });

  it.each([
    [{}, 'kind'],
    [{ kind: 'explode' }, 'kind'],
    [{ kind: 'status' }, 'status'],
    [{ kind: 'delay' }, 'delayMs'],
    [{ kind: 'hang', operation: 'login' }, 'operation'],
    [{ kind: 'hang', time: 1 }, 'time'],
    [{ kind: 'hang', probability: 2 }, 'probability'],
    [{ kind: 'truncate', after: true }, 'after'],
  ])('refuses %j and names %s', async (fault, field) => {
    const reply = await control('POST', '/faults', fault);
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0].detail).toContain(field);
  });
});

describe('closing', () => {
  it('takes no longer than a second with requests that hang, wait or idle', async () => {
    const own = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
    const tenant = await TenantClient.connect(own.url, 'a.eu.qlikcloud.com', 'p', 's');
    await tenant.fault({ operation: 'list', kind: 'hang' });
    await tenant.fault({ operation: 'create', kind: 'delay', delayMs: 60_000 });
    const broken = [tenant.api('GET', ''), post(tenant)].map((call) => call.catch(() => 'broken'));
    while ((await tenant.state()).requests.create !== 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = Date.now();
    await own.close();
    expect(Date.now() - before).toBeLessThan(1000);
    expect(await Promise.all(broken)).toEqual(['broken', 'broken']);
  });
});
