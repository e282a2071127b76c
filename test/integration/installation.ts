import { setTimeout as delay } from 'node:timers/promises';
import { AuditTrail } from '@app/audit';
import { CustomersService } from '@app/customers';
import { Database, Secret } from '@app/platform';
import { TokensApi } from '@app/qlik';
import { RunRunner } from '@app/runs';
import { Vault } from '@app/vault';
import type { TestingModule } from '@nestjs/testing';
import { acceptCustomer } from '../accept-customer.js';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/start-sandbox.js';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { createMortalWorker, Life } from '../mortal-process.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { testVault } from '../test-vault.js';

const parent = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };

/** A customer whose onboarding was accepted. */
export interface Onboarding {
  tenantHost: string;
  customerId: string;
  runId: string;
}

/** What an onboarding leaves that went well. */
export const oneWorkingClient = {
  run: 'succeeded',
  customer: 'ready',
  clientsCreated: 1,
  clientsAtQlik: 1,
  recordedIsAtQlik: true,
  secretsAtQlik: [1],
  secret: 'works',
};

/** A sandbox for Qlik and a database, both of a test's own. */
export class TestSite {
  private constructor(
    readonly sandbox: Sandbox,
    private readonly test: TestDatabase,
  ) {}

  static async start(): Promise<TestSite> {
    const test = await createTestDatabase();
    return new TestSite(await startSandbox({ port: 0, parentClients: { eu: parent } }), test);
  }

  get databaseUrl(): Secret {
    return this.test.url;
  }

  /** An installation on the site's database, or on another one. */
  open(url = this.databaseUrl): Promise<Installation> {
    return Installation.open(this, url);
  }

  async stateOf(tenantHost: string): Promise<any> {
    return (await fetch(`${this.sandbox.url}/_sandbox/state?tenantHost=${tenantHost}`)).json();
  }

  /** The tenant as its administrator sees it. */
  tenantOf(tenantHost: string): Promise<TenantClient> {
    return TenantClient.connect(this.sandbox.url, tenantHost, parent.clientId, parent.clientSecret);
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    await this.test.close();
  }
}

/** A worker and what a test looks at, on one database. */
export class Installation {
  private constructor(
    readonly database: Database,
    private readonly worker: TestingModule,
    private readonly site: TestSite,
  ) {}

  /** Begins to work on the database at `url`. */
  static async open(site: TestSite, url: Secret): Promise<Installation> {
    const database = new Database({ url, maxConnections: 5 });
    const worker = await createMortalWorker({
      database,
      vault: testVault,
      qlik: {
        endpoint: site.sandbox.url,
        parentClients: { eu: { clientId: parent.clientId, clientSecret: new Secret(parent.clientSecret) } },
      },
      leaseMs: 800,
      timeoutMs: 300,
      listLagMs: 50,
    });
    return new Installation(database, worker, site);
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
    const { clients, clientsCreated } = await this.site.stateOf(tenantHost);
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
