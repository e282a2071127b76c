import { createSecretKey, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { CustomersService } from '@app/customers';
import { Database, Secret } from '@app/platform';
import { TokensApi } from '@app/qlik';
import { RunRunner } from '@app/runs';
import { Vault } from '@app/vault';
import type { TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { acceptCustomer } from '../accept-customer.js';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/start-sandbox.js';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { createMortalWorker, Life, ProcessDied } from '../mortal-process.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const parent = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };

let sandbox: Sandbox;
let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
  sandbox = await startSandbox({ port: 0, parentClients: { eu: parent } });
});
afterAll(async () => {
  await sandbox.close();
  await test.close();
});

/** A worker and what a test looks at, on one database. */
class Installation {
  private constructor(
    readonly database: Database,
    private readonly worker: TestingModule,
  ) {}

  static async open(url: Secret): Promise<Installation> {
    const database = new Database({ url, maxConnections: 5 });
    const worker = await createMortalWorker({
      database,
      vault: {
        NODE_ENV: 'test',
        KEY_PROVIDER: 'local',
        LOCAL_KEYS: [{ id: 'test', key: createSecretKey(Buffer.alloc(32, 7)) }],
        DATA_DIR: 'unused',
      },
      qlik: {
        endpoint: sandbox.url,
        parentClients: { eu: { clientId: parent.clientId, clientSecret: new Secret(parent.clientSecret) } },
      },
      leaseMs: 800,
      timeoutMs: 300,
      listLagMs: 50,
    });
    return new Installation(database, worker);
  }

  get customers(): CustomersService {
    return this.worker.get(CustomersService, { strict: false });
  }

  async accept(name: string): Promise<Onboarding> {
    const tenantHost = `${name}.eu.qlikcloud.com`;
    const { customer, run } = await acceptCustomer(this.customers, name, tenantHost);
    return { tenantHost, customerId: customer.id, runId: run.id };
  }

  /** Wakes the run once. */
  wake({ runId }: Onboarding, life = new Life()) {
    return life.live(() => this.worker.get(RunRunner, { strict: false }).execute(runId));
  }

  /** Wakes the run until it has come to a stop. */
  async finish(onboarding: Onboarding, life?: Life): Promise<void> {
    const { runId } = onboarding;
    for (;;) {
      const result = await this.wake(onboarding, life);
      if (result.kind === 'wait') await delay(Math.ceil(result.forMs));
      const { state, leaseUntil } = await this.run(runId);
      if (!['queued', 'running', 'waiting'].includes(state)) return;
      if (result.kind === 'idle' && leaseUntil !== null)
        await delay(Math.max(0, leaseUntil.getTime() - Date.now()) + 5);
    }
  }

  run(id: string) {
    return this.database.client.run.findUniqueOrThrow({
      where: { id },
      include: { steps: { orderBy: { position: 'asc' } } },
    });
  }

  async change(runId: string, move: 'cancel' | 'retry'): Promise<void> {
    const { revision } = await this.run(runId);
    const change = { revision, reason: 'a test', actor: 'test', requestId: runId };
    if (move === 'cancel') await this.customers.cancelRun(runId, change);
    else await this.customers.retryRun(runId, change);
  }

  /** What came of the onboarding, at Qlik and here. */
  async outcomeOf({ customerId, tenantHost, runId }: Onboarding) {
    const { clients, clientsCreated } = await stateOf(tenantHost);
    const recorded = await this.database.client.oAuthClient.findMany({ where: { customerId, state: 'active' } });
    const ours = clients.filter((client: any) => client.clientName.startsWith(`tenant-provisioner/${customerId}/`));
    return {
      run: (await this.run(runId)).state,
      customer: (await this.database.client.customer.findUniqueOrThrow({ where: { id: customerId } })).state,
      clientsCreated,
      clientsAtQlik: ours.length,
      recordedIsAtQlik: recorded.length === 1 && recorded[0]?.clientId === ours[0]?.clientId,
      secretsAtQlik: ours.map((client: any) => client.secrets.length),
      secret: await this.#useStoredSecret(customerId, tenantHost),
    };
  }

  async #useStoredSecret(customerId: string, host: string): Promise<string> {
    const [row] = await this.database.client.secretVersion.findMany({
      where: { customerId, state: 'current' },
      include: { oauthClient: true },
    });
    if (row?.sealed == null) return 'none';
    const place = { owner: { kind: 'customer', id: customerId }, secretId: row.id, version: row.version } as const;
    const clientSecret = await this.worker
      .get(Vault, { strict: false })
      .open({ sealed: row.sealed, dataKeyId: row.dataKeyId }, { ...place, purpose: 'impersonation-client-secret' });
    return this.worker
      .get(TokensApi, { strict: false })
      .clientCredentials({ host, clientId: row.oauthClient.clientId, clientSecret })
      .then(() => 'works', String);
  }

  async auditOf(customerId: string) {
    return (await new AuditTrail(this.database).list({ customerId, limit: 100 })).events;
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.database.onApplicationShutdown();
  }
}

interface Onboarding {
  tenantHost: string;
  customerId: string;
  runId: string;
}

const oneWorkingClient = {
  run: 'succeeded',
  customer: 'ready',
  clientsCreated: 1,
  clientsAtQlik: 1,
  recordedIsAtQlik: true,
  secretsAtQlik: [1],
  secret: 'works',
};

const stateOf = async (tenantHost: string): Promise<any> =>
  (await fetch(`${sandbox.url}/_sandbox/state?tenantHost=${tenantHost}`)).json();

/** The tenant as its administrator sees it. */
const tenantOf = (tenantHost: string) =>
  TenantClient.connect(sandbox.url, tenantHost, parent.clientId, parent.clientSecret);

const lose = async (tenantHost: string, operation: string) =>
  (await tenantOf(tenantHost)).fault({ kind: 'reset-after', operation, times: 1 });

/** A copy of the database, as a backup holds it; nobody may be connected to it. */
async function backUp(): Promise<{ url: Secret; drop(): Promise<void> }> {
  const url = new URL(test.url.reveal());
  const source = url.pathname.slice(1);
  const name = `backup_${randomUUID().replaceAll('-', '')}`;
  const admin = async (statement: string) => {
    const client = new pg.Client({ connectionString: new URL('/postgres', url).href });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await admin(`CREATE DATABASE ${name} TEMPLATE ${source}`);
  const copy = new URL(`/${name}`, url);
  return { url: new Secret(copy.href), drop: () => admin(`DROP DATABASE ${name} WITH (FORCE)`) };
}

describe('a database that was restored from a backup', () => {
  const names = ['ready', 'adopted', 'unsettled', 'started-anew', 'untouched'] as const;
  const onboardings = {} as Record<(typeof names)[number], Onboarding>;
  let backup: Awaited<ReturnType<typeof backUp>>;
  let restored: Installation;

  beforeAll(async () => {
    const before = await Installation.open(test.url);
    for (const name of names) onboardings[name] = await before.accept(name);
    await before.close();
    backup = await backUp();

    // All of this happens after the backup.
    const after = await Installation.open(test.url);
    const { ready, adopted, unsettled, 'started-anew': startedAnew } = onboardings;
    await after.finish(ready);
    await lose(adopted.tenantHost, 'create');
    await after.finish(adopted);
    await lose(unsettled.tenantHost, 'create');
    await after.wake(unsettled);
    expect((await after.run(unsettled.runId)).state).toBe('waiting');
    const tenant = await tenantOf(startedAnew.tenantHost);
    await tenant.fault({ kind: 'status', status: 403, operation: 'config-patch', times: 1 });
    await after.finish(startedAnew);
    await after.change(startedAnew.runId, 'cancel');
    await after.finish(startedAnew);
    await after.change(startedAnew.runId, 'retry');
    await after.finish(startedAnew);
    expect(await after.outcomeOf(startedAnew)).toEqual({ ...oneWorkingClient, clientsCreated: 2 });
    await after.close();

    restored = await Installation.open(backup.url);
    await Promise.all(names.map((name) => restored.finish(onboardings[name])));
  }, 60_000);
  afterAll(async () => {
    await restored.close();
    await backup.drop();
  });

  it.each(names)('makes no second client for a customer that was %s meanwhile', async (name) => {
    const clientsCreated = name === 'started-anew' ? 2 : 1;
    expect(await restored.outcomeOf(onboardings[name])).toEqual({ ...oneWorkingClient, clientsCreated });
  });

  it('tells that it took a client over', async () => {
    const actionsOf = async (onboarding: Onboarding) =>
      (await restored.auditOf(onboarding.customerId)).map(({ action }) => action);
    expect(await actionsOf(onboardings.ready)).toContain('oauth_client.adopted');
    expect(await actionsOf(onboardings.untouched)).toContain('oauth_client.created');
  });

  it('begins anew where the client that was taken over is cancelled', async () => {
    const { ready } = onboardings;
    const again = await Installation.open(backup.url);
    const tenant = await tenantOf(ready.tenantHost);
    const { clients } = await stateOf(ready.tenantHost);
    await again.database.client.run.update({
      where: { id: ready.runId },
      data: { state: 'needs_attention', step: 'trust-consent', holdsSlot: true },
    });
    await again.change(ready.runId, 'cancel');
    await again.finish(ready);
    expect((await stateOf(ready.tenantHost)).clients).toEqual([]);
    await again.change(ready.runId, 'retry');
    await again.finish(ready);
    expect(await again.outcomeOf(ready)).toEqual({ ...oneWorkingClient, clientsCreated: 2 });
    expect((await tenant.api('GET', `/${clients[0].clientId}`)).status).toBe(404);
    await again.close();
  });
});

describe('clients that bear our marker and that no row records', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.open(test.url);
  });
  afterAll(() => installation.close());

  it('are taken over if they are of the customer: the oldest is kept, the others are left alone and told', async () => {
    const onboarding = await installation.accept('several');
    const tenant = await tenantOf(onboarding.tenantHost);
    const nameOf = (end: string) => `tenant-provisioner/${onboarding.customerId}/${end.repeat(32)}`;
    const oldest = await tenant.create({ clientName: nameOf('c') });
    await delay(5);
    for (const end of ['a', 'b', 'b']) await tenant.create({ clientName: nameOf(end) });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toMatchObject({
      ...oneWorkingClient,
      clientsCreated: 4,
      clientsAtQlik: 4,
      secretsAtQlik: [1, 1, 1, 1],
    });
    expect((await stateOf(onboarding.tenantHost)).clients[0].clientId).toBe(oldest.clientId);
    const events = await installation.auditOf(onboarding.customerId);
    expect(events.filter(({ action }) => action === 'oauth_client.deleted')).toEqual([]);
    expect(events.filter(({ action }) => action === 'oauth_client.unrecognised')).toMatchObject([
      { data: { count: 3 } },
    ]);
    const { steps } = await installation.run(onboarding.runId);
    const settled = steps.find(({ name }) => name === 'settle-creation');
    expect(settled?.output).toMatchObject({ duplicateClientsDeleted: 0, unrecognisedClients: 3 });
  });

  it('are left alone if a person gave them their names', async () => {
    const onboarding = await installation.accept('by-hand');
    const tenant = await tenantOf(onboarding.tenantHost);
    const { clientId } = await tenant.create({ clientName: `tenant-provisioner/${onboarding.customerId}/by hand` });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toMatchObject({ run: 'succeeded', clientsCreated: 2 });
    expect((await tenant.api('GET', `/${clientId}`)).status).toBe(200);
    const { steps } = await installation.run(onboarding.runId);
    expect(steps.find(({ name }) => name === 'check-tenant-access')?.output).toMatchObject({ unrecognisedClients: 1 });
  });

  it('keep every secret they had where Qlik does not say who made which', async () => {
    const onboarding = await installation.accept('silent');
    const tenant = await tenantOf(onboarding.tenantHost);
    await tenant.configure({ unknowns: { createdByAbsent: true } });
    const { clientId } = await tenant.create({
      clientName: `tenant-provisioner/${onboarding.customerId}/${'a1'.repeat(16)}`,
    });
    const control = `${sandbox.url}/_sandbox/tenants/${onboarding.tenantHost}/clients/${clientId}/secrets`;
    await fetch(control, { method: 'POST' });
    const { hints } = (await stateOf(onboarding.tenantHost)).clients[0];
    expect(hints).toHaveLength(2);
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual({ ...oneWorkingClient, secretsAtQlik: [3] });
    expect((await stateOf(onboarding.tenantHost)).clients[0].hints).toEqual(expect.arrayContaining(hints));
    const { steps } = await installation.run(onboarding.runId);
    expect(steps.find(({ name }) => name === 'settle-creation')?.output).toMatchObject({
      deadSecretsDeleted: 0,
      unrecognisedSecrets: 2,
    });
  });

  it('keep the secrets that somebody else made on them', async () => {
    const onboarding = await installation.accept('shared');
    const tenant = await tenantOf(onboarding.tenantHost);
    const { clientId } = await tenant.create({
      clientName: `tenant-provisioner/${onboarding.customerId}/${'d'.repeat(32)}`,
    });
    const control = `${sandbox.url}/_sandbox/tenants/${onboarding.tenantHost}/clients/${clientId}/secrets`;
    const { hints } = (await (await fetch(control, { method: 'POST' })).json()) as { hints: string[] };
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual({ ...oneWorkingClient, secretsAtQlik: [2] });
    expect((await stateOf(onboarding.tenantHost)).clients[0].hints).toEqual(expect.arrayContaining(hints));
    const { steps } = await installation.run(onboarding.runId);
    expect(steps.find(({ name }) => name === 'settle-creation')?.output).toMatchObject({
      deadSecretsDeleted: 1,
      unrecognisedSecrets: 1,
    });
  });

  it('are looked for again by a worker that takes the run over before it meant to make one', async () => {
    const onboarding = await installation.accept('taken-over');
    const whole = new Life();
    const model = await installation.accept('taken-over-model');
    await installation.finish(model, whole);
    const create = whole.awaited.findIndex((what) => what.includes('SET intent'));
    const dying = installation.finish(onboarding, new Life({ at: create + 1, when: 'before' }));
    await expect(dying).rejects.toThrow(ProcessDied);
    // As if the client had been made by a worker that the row knows nothing of.
    const tenant = await tenantOf(onboarding.tenantHost);
    await tenant.create({ clientName: `tenant-provisioner/${onboarding.customerId}/${'e'.repeat(32)}` });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual(oneWorkingClient);
  });

  it('are left alone and told if they are of another customer', async () => {
    const onboarding = await installation.accept('strange');
    const tenant = await tenantOf(onboarding.tenantHost);
    const stranger = await tenant.create({ clientName: `tenant-provisioner/${randomUUID()}/${'f'.repeat(32)}` });
    const lookAlike = await tenant.create({ clientName: `tenant-provisioner/${onboarding.customerId}` });
    await tenant.create({ clientName: `somebody-elses/${onboarding.customerId}/` });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual({ ...oneWorkingClient, clientsCreated: 4 });
    for (const { clientId } of [stranger, lookAlike]) {
      expect((await tenant.api('GET', `/${clientId}`)).status).toBe(200);
    }
    const events = await installation.auditOf(onboarding.customerId);
    expect(events.filter(({ action }) => action === 'oauth_client.unrecognised')).toMatchObject([
      { data: { count: 2 } },
    ]);
    expect((await installation.run(onboarding.runId)).steps[0]?.output).toMatchObject({ unrecognisedClients: 2 });
  });
});
