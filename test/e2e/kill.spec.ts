import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { migrateQueue } from '@app/queue';
import { Redis } from 'ioredis';
import { makeApiKey } from '../api-key.js';
import { inStory, onboardingStory } from '../onboarding-story.js';
import { PlaintextSearch } from '../plaintext-search.js';
import { type AppProcess, startAppProcess } from '../processes.js';
import { QlikWiretap } from '../qlik-wiretap.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const parent = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };

/** Scaled down, so that what a dead worker held is free within two seconds. */
const FAST = { RUN_LEASE_SECONDS: '2', QLIK_TIMEOUT_SECONDS: '1', QLIK_LIST_LAG_SECONDS: '0.1', SWEEP_SECONDS: '0.5' };

describe.each(['postgres', 'redis'] as const)('real processes on %s', (backend) => {
  let test: TestDatabase;
  let redis: RedisServer | undefined;
  let dataDir: string;
  let sandbox: AppProcess;
  let wiretap: QlikWiretap;
  let api: AppProcess;
  let worker: AppProcess;
  let apiKey: string;
  let env: NodeJS.ProcessEnv;
  const ended: AppProcess[] = [];
  const customers: { id: string; name: string }[] = [];

  beforeAll(async () => {
    test = await createTestDatabase();
    await migrateQueue(test.url);
    redis = backend === 'redis' ? await startRedis({ appendOnly: true }) : undefined;
    dataDir = await mkdtemp(join(tmpdir(), 'provisioner-sandbox-'));
    sandbox = await startAppProcess('sandbox', {
      DATA_DIR: dataDir,
      QLIK_PARENT_CLIENTS: JSON.stringify({ eu: parent }),
    });
    wiretap = await QlikWiretap.start(sandbox.url);
    env = {
      NODE_ENV: 'test',
      API_REQUESTS_PER_MINUTE: '0',
      LOG_LEVEL: 'trace',
      DATABASE_URL: test.url.reveal(),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url.reveal() }),
      LOCAL_KEYS: `test:${randomBytes(32).toString('base64')}`,
      QLIK_ENDPOINT: wiretap.url,
      QLIK_REGIONS: 'eu',
    };
    apiKey = await makeApiKey(test.database);
    api = await startAppProcess('api', env);
    worker = await startWorker();
  }, 60_000);

  afterAll(async () => {
    await Promise.all([worker, api, sandbox].map((one) => one.kill('SIGKILL')));
    await wiretap.close();
    await redis?.stop();
    await rm(dataDir, { recursive: true });
    await test.close();
  });

  const startWorker = () =>
    startAppProcess('worker', {
      ...env,
      ...FAST,
      WORKER_CONCURRENCY: '6',
      QLIK_PARENT_CLIENTS: JSON.stringify({ eu: parent }),
    });

  async function call(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<any> {
    const response = await fetch(api.url + path, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Accepts as many customers and returns their ids. */
  async function accept(count: number, prefix: string): Promise<string[]> {
    const made = Array.from({ length: count }, async (_, index) => {
      const name = `${prefix}-${index + 1}`;
      const input = { externalId: name, name, tenantHost: `${name}.eu.qlikcloud.com` };
      const { customer } = await call('POST', '/v1/customers', input, { 'idempotency-key': name });
      customers.push({ id: customer.id, name });
      return customer.id as string;
    });
    return Promise.all(made);
  }

  /** Resolves when all runs of these customers have come to a stop, settling included. */
  async function allStopped(customerIds: string[], withinMs = 60_000): Promise<void> {
    for (const giveUpAt = Date.now() + withinMs; ;) {
      const open = await test.database.client.run.findMany({
        where: { customerId: { in: customerIds }, state: { in: ['queued', 'running', 'waiting'] } },
      });
      if (open.length === 0) return;
      if (Date.now() > giveUpAt) throw new Error(`${open.length} runs do not end, such as ${JSON.stringify(open[0])}`);
    }
  }

  /** Everybody is ready with the one client that Qlik has, its one secret works, and the audit tells it all. */
  async function expectAllWell(customerIds: string[], prefix: string): Promise<void> {
    const { client } = test.database;
    const rows = await client.customer.findMany({
      where: { id: { in: customerIds } },
      include: { runs: true, oauthClients: { include: { secretVersions: true } } },
    });
    const atQlik = (await (await fetch(`${sandbox.url}/_sandbox/state`)).json()) as any;
    const clients = atQlik.clients.filter((one: any) => one.tenantHost.startsWith(`${prefix}-`));
    expect(clients).toHaveLength(customerIds.length);
    expect(rows).toHaveLength(customerIds.length);
    for (const row of rows) {
      expect(row).toMatchObject({ state: 'ready', runs: [{ state: 'succeeded', error: null }] });
      const [own, ...more] = clients.filter((one: any) => one.tenantHost === row.tenantHost);
      expect(more).toEqual([]);
      expect(own).toMatchObject({ consentMethod: 'trusted', hints: [expect.anything()] });
      const credentials = await call('GET', `/v1/customers/${row.id}/credentials`);
      expect(credentials).toMatchObject({ clientId: own.clientId, hint: own.hints[0], tenantHost: row.tenantHost });
      expect(await useCredentials(credentials)).toBe(200);
      expect(await new AuditVerification(test.database).verify(row.id)).toMatchObject({ intact: true });
      expect(await actionsOf(row.id)).toEqual(onboardingStory);
    }
  }

  /** What the audit tells of how a customer came to be, sorted; a client adopted was made as well. */
  async function actionsOf(customerId: string): Promise<string[]> {
    const { events } = await new AuditTrail(test.database).list({ customerId, limit: 100 });
    return events
      .map(({ action }) => inStory(action))
      .filter((action) => !['secret.revoked', 'secret.read', 'credentials.read'].includes(action))
      .sort();
  }

  async function useCredentials(credentials: {
    tenantHost: string;
    clientId: string;
    clientSecret: string;
  }): Promise<number> {
    return wiretap.postToken(credentials.tenantHost, {
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      grant_type: 'client_credentials',
    });
  }

  const stateAtQlik = async (prefix: string): Promise<{ created: number }> => {
    const hosts = customers
      .filter(({ name }) => name.startsWith(`${prefix}-`))
      .map(({ name }) => `${name}.eu.qlikcloud.com`);
    let created = 0;
    for (const host of hosts) {
      const state = (await (await fetch(`${sandbox.url}/_sandbox/state?tenantHost=${host}`)).json()) as any;
      created += state.clientsCreated;
    }
    return { created };
  };

  it('lose nothing and double nothing when the worker is killed in the middle of 50 onboardings', async () => {
    const held = wiretap.holdAnswersFromCreate(20);
    const accepted = accept(50, 'killed');
    await held;
    expect(await worker.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    ended.push(worker);
    wiretap.release();
    const customerIds = await accepted;
    worker = await startWorker();
    await allStopped(customerIds);
    await expectAllWell(customerIds, 'killed');
    expect(await stateAtQlik('killed')).toEqual({ created: 50 });
    // The answers of the clients that were made last never came: those were adopted.
    const { events } = await new AuditTrail(test.database).list({ action: 'oauth_client.adopted', limit: 100 });
    expect(events.length).toBeGreaterThan(0);
  }, 120_000);

  it('hand their runs on when the worker is told to end', async () => {
    const underWay = wiretap.afterCreate(10);
    const accepted = accept(30, 'ended');
    await underWay;
    const toldAt = Date.now();
    expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(Date.now() - toldAt).toBeLessThan(25_000);
    ended.push(worker);
    const customerIds = await accepted;
    worker = await startWorker();
    await allStopped(customerIds);
    await expectAllWell(customerIds, 'ended');
    expect(await stateAtQlik('ended')).toEqual({ created: 30 });
    const lost = await test.database.client.stepAttempt.count({
      where: { outcome: 'lost', runStep: { run: { customerId: { in: customerIds } } } },
    });
    expect(lost).toBe(0);
  }, 120_000);

  it('leave no secret in clear anywhere but in the one reply', async () => {
    const texts = new Map<string, string>([
      ['the API key', apiKey],
      ["the parent client's secret", parent.clientSecret],
    ]);
    for (const secret of wiretap.secrets) texts.set(`secret ${texts.size}`, secret);
    // Tokens of one tenant differ in their payload and signature; what leaks ends with the latter.
    for (const token of wiretap.tokens) texts.set(`token ${texts.size}`, token.slice(-64));
    for (const { id } of customers) {
      const { clientSecret } = await call('GET', `/v1/customers/${id}/credentials`);
      expect(wiretap.secrets).toContain(clientSecret);
    }
    expect(wiretap.secrets.size).toBeGreaterThanOrEqual(80);
    expect(wiretap.tokens.size).toBeGreaterThanOrEqual(160);

    // A search that finds nothing proves something only if it finds what is there: one text in every form, `~` for a `+` in its base64.
    const known = `~~~ "known" ~~~ ${randomBytes(24).toString('hex')}`;
    const base64 = Buffer.from(`..${known}`).toString('base64');
    const hex = Buffer.from(known).toString('hex');
    const asUrl = encodeURIComponent(known);
    const knownForms = [
      known,
      JSON.stringify(known),
      asUrl,
      base64,
      base64.replaceAll('+', '-'),
      hex,
      hex.toUpperCase(),
    ];
    await test.database.client.$executeRaw`CREATE TABLE scratch (form text)`;
    await test.database.client.$executeRaw`INSERT INTO scratch SELECT * FROM unnest(${knownForms}::text[])`;
    await test.database.client.$executeRaw`CHECKPOINT`;
    const search = new PlaintextSearch([...texts, ['the known one', known]]);

    const folder = process.env.TEST_POSTGRES_FOLDER;
    if (folder === undefined) throw new Error('TEST_POSTGRES_FOLDER names no folder: run the tests with `npm test`.');
    const postgres = await search.findInFolder(folder);
    const what = (found: string) => found.split(' in /')[0];
    expect(new Set(postgres.found.map(what))).toEqual(
      new Set(['raw', 'JSON', 'URL', 'base64', 'base64url', 'hex', 'HEX'].map((form) => `the known one (${form})`)),
    );
    expect(postgres.found.some((found) => found.includes('/pg_wal/'))).toBe(true);
    expect(postgres.found.some((found) => found.includes('/base/'))).toBe(true);

    for (const { output } of [api, worker, ...ended]) expect(search.find(Buffer.from(output()))).toEqual([]);
    expect(worker.output().length).toBeGreaterThan(1_000);

    if (redis === undefined) return;
    const client = new Redis(redis.url.reveal());
    await client.set('scratch', known);
    await client.save();
    client.disconnect();
    const { found } = await search.findInFolder(redis.dir);
    expect(new Set(found.map(what))).toEqual(new Set(['the known one (raw)']));
  }, 120_000);
});
