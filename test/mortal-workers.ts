import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { CustomersService, type ExistingClient } from '@app/customers';
import { Secret } from '@app/platform';
import { TokensApi } from '@app/qlik';
import { RunRunner } from '@app/runs';
import { Vault } from '@app/vault';
import type { TestingModule } from '@nestjs/testing';
import { type Sandbox, startSandbox } from '../apps/sandbox/src/start-sandbox.js';
import { acceptCustomer } from './accept-customer.js';
import { createMortalWorker, type Death, Life, ProcessDied } from './mortal-process.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { testVault } from './test-vault.js';

/** The parent client that the sandbox's tenants admit. */
export const parent = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };
const LEASE_MS = 1_000;
/** What a test does at one time, so that no lease ends for want of a connection. */
const BREADTH = 8;

/** A customer whose onboarding was accepted. */
export interface Onboarding {
  name: string;
  tenantHost: string;
  customerId: string;
  runId: string;
}

/** Two workers on one database and one sandbox: one of them dies, run by run; the other is the healthy one that takes over. */
export class MortalWorkers {
  #accepted = 0;
  #working = 0;
  readonly #queue: (() => void)[] = [];

  private constructor(
    readonly test: TestDatabase,
    readonly sandbox: Sandbox,
    readonly doomed: TestingModule,
    readonly healthy: TestingModule,
  ) {}

  /** `rotation` are ROTATION_* settings. */
  static async start(rotation: Record<string, string> = {}): Promise<MortalWorkers> {
    const test = await createTestDatabase();
    const sandbox = await startSandbox({ port: 0, parentClients: { eu: parent } });
    const parts = {
      database: test.database,
      vault: testVault,
      qlik: {
        endpoint: sandbox.url,
        parentClients: { eu: { clientId: parent.clientId, clientSecret: new Secret(parent.clientSecret) } },
      },
      leaseMs: LEASE_MS,
      timeoutMs: 400,
      listLagMs: 100,
      rotation,
    };
    return new MortalWorkers(test, sandbox, await createMortalWorker(parts), await createMortalWorker(parts));
  }

  async close(): Promise<void> {
    await this.doomed.close();
    await this.healthy.close();
    await this.sandbox.close();
    await this.test.close();
  }

  /** `existingClient` makes, at the tenant, the client that the customer is signed up with. */
  async accept(existingClient?: (tenantHost: string) => Promise<ExistingClient>): Promise<Onboarding> {
    this.#accepted += 1;
    const name = `crash-${this.#accepted}`;
    const tenantHost = `${name}.eu.qlikcloud.com`;
    const { customer, run } = await acceptCustomer(
      this.healthy.get(CustomersService, { strict: false }),
      name,
      tenantHost,
      await existingClient?.(tenantHost),
    );
    return { name, tenantHost, customerId: customer.id, runId: run.id };
  }

  /** Delivers a run's wake-ups as the queue and the sweep would, until it comes to its end. */
  async deliver(worker: TestingModule, runId: string, life = new Life()): Promise<void> {
    const runner = worker.get(RunRunner, { strict: false });
    for (;;) {
      const result = await this.withRoom(() => life.live(() => runner.execute(runId)));
      if (result.kind === 'wait') await delay(Math.ceil(result.forMs));
      const { state, leaseUntil } = await this.test.database.client.run.findUniqueOrThrow({ where: { id: runId } });
      if (!['queued', 'running', 'waiting'].includes(state)) return;
      // Held by a process that may be dead: the sweep looks again when the lease has ended.
      if (result.kind === 'idle' && leaseUntil !== null)
        await delay(Math.max(0, leaseUntil.getTime() - Date.now()) + 5);
    }
  }

  /** Has the healthy worker do the run until it waits because of its next call of this operation; it also waits where a call was slow before that. */
  async workUntilCalled(operation: string, runId: string, tenantHost: string): Promise<void> {
    const runner = this.healthy.get(RunRunner, { strict: false });
    const called = async (): Promise<number> => (await this.stateOf(tenantHost)).requests[operation] ?? 0;
    for (const before = await called(); ;) {
      const result = await this.withRoom(() => runner.execute(runId));
      if (result.kind !== 'wait') throw new Error(`The run does not wait for an answer, it is ${result.kind}.`);
      if ((await called()) > before) return;
      await delay(result.forMs);
    }
  }

  /** Has the doomed worker take up the run and die as told; returns its life. Where it waits by the clock, it may be done with fewer awaits and `mayOutlive` it. */
  async die(runId: string, death: Death, { mayOutlive = false } = {}): Promise<Life> {
    const life = new Life(death);
    const end = await this.deliver(this.doomed, runId, life).catch((error: unknown) => error);
    if (!(end instanceof ProcessDied) && !(mayOutlive && end === undefined && life.awaited.length < death.at))
      throw new Error(`The process did not die at ${describeDeath(life, death)}.`, { cause: end });
    return life;
  }

  /** At most BREADTH at once. */
  async withRoom<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working === BREADTH) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#working += 1;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#working -= 1;
      else next();
    }
  }

  /** Sets each fault for one call at the tenant. */
  async lose(tenantHost: string, faults: readonly object[]): Promise<void> {
    for (const fault of faults) {
      const response = await fetch(`${this.sandbox.url}/_sandbox/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ times: 1, ...fault, tenantHost }),
      });
      expect(response.status).toBe(201);
    }
  }

  /** What the sandbox knows of the tenant. */
  async stateOf(tenantHost: string): Promise<any> {
    return (await fetch(`${this.sandbox.url}/_sandbox/state?tenantHost=${tenantHost}`)).json();
  }

  /** What Qlik's token endpoint answers to the current secret as it is stored. */
  async useStoredSecret({ customerId, tenantHost }: Onboarding): Promise<string> {
    const [row, more] = await this.test.database.client.secretVersion.findMany({
      where: { customerId, state: 'current' },
      include: { oauthClient: true },
    });
    if (row?.sealed == null || more !== undefined) return 'not exactly one current secret';
    const place = { owner: { kind: 'customer', id: customerId }, secretId: row.id, version: row.version } as const;
    const clientSecret = await this.healthy
      .get(Vault, { strict: false })
      .open({ sealed: row.sealed, dataKeyId: row.dataKeyId }, { ...place, purpose: 'impersonation-client-secret' });
    const { clientId } = row.oauthClient;
    return this.healthy
      .get(TokensApi, { strict: false })
      .clientCredentials({ host: tenantHost, clientId, clientSecret })
      .then(() => 'works', String);
  }
}

/** In words, for a test that fails. */
export const describeDeath = (life: Life, { at, when }: Death): string =>
  `${when} await ${at}: ${life.awaited[at - 1]}`;
