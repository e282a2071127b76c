import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { DatabaseModule, Database, type Sql } from '@app/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CustomersModule, RotationDefaults, RotationModule, rotationSettings } from '@app/customers';
import { ProvisioningModule, ProvisioningSettings, ReconciliationPolicy } from '@app/provisioning';
import { QlikModule, tenantHostPolicy } from '@app/qlik';
import { WakeUps } from '@app/queue';
import { RunRunnerModule, RunSettings, RunsModule } from '@app/runs';
import { VaultModule } from '@app/vault';
import type { VaultConfig } from '@app/vault';
import { pino } from 'pino';
import { z } from 'zod';
import { VaultSealingModule } from '../apps/api/src/customers/vault-sealing.js';
import { QlikTransport } from '../libs/qlik/src/transport.js';

/** Where a process dies: at its `at`-th await of anything outside of it, just before that acts or just after. */
export interface Death {
  at: number;
  when: 'before' | 'after';
}

/** The life of one process that works on one run: it counts what the process awaits, and ends it where it should. */
export class Life {
  /** What was awaited, in order. */
  readonly awaited: string[] = [];
  dead = false;
  readonly #deathKnell = new EventEmitter();

  constructor(readonly death?: Death) {}

  /** Runs `work` as this process; rejects at once when the process dies in it. */
  live<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#deathKnell.once('died', () => reject(new ProcessDied()));
      lives.run(this, work).then(resolve, reject);
    });
  }

  /** One await of the outside. Once dead, nothing reaches the outside any more. */
  async pass<T>(what: string, act: () => Promise<T>, { counted = true } = {}): Promise<T> {
    if (this.dead) throw new ProcessDied();
    if (!counted) return act();
    const number = this.awaited.push(what);
    if (this.death?.at === number && this.death.when === 'before') this.#die();
    const [result] = await Promise.allSettled([act()]);
    if (this.dead || (this.death?.at === number && this.death.when === 'after')) this.#die();
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }

  #die(): never {
    this.dead = true;
    this.#deathKnell.emit('died');
    throw new ProcessDied();
  }
}

/** What every await of a dead process comes to. */
export class ProcessDied extends Error {}

const lives = new AsyncLocalStorage<Life>();

const pass = <T>(what: string, act: () => Promise<T>, options?: { counted: boolean }): Promise<T> =>
  lives.getStore()?.pass(what, act, options) ?? act();

export interface WorkerParts {
  database: Database;
  vault: VaultConfig;
  qlik: { endpoint: string; parentClients: Parameters<typeof QlikModule.forRoot>[0]['parentClients'] };
  leaseMs: number;
  timeoutMs: number;
  listLagMs: number;
  /** The environment's ROTATION_* settings. */
  rotation?: Record<string, string>;
}

/** A worker's modules without its queue. Whatever runs inside `Life.live` reaches PostgreSQL and Qlik through that life. */
export async function createMortalWorker(parts: WorkerParts): Promise<TestingModule> {
  const runs = RunsModule.forRoot({ logger: pino({ level: 'silent' }), imports: [SilentQueueModule.forRoot()] });
  const defaults = new RotationDefaults(z.object(rotationSettings).parse(parts.rotation ?? {}));
  const vault = VaultModule.forRoot(parts.vault);
  const provisioning = ProvisioningModule.forRoot({
    reconciliation: new ReconciliationPolicy(0, 'repair'),
    settings: new ProvisioningSettings(parts.timeoutMs, parts.leaseMs, parts.listLagMs),
    imports: [
      runs,
      RotationModule.forRoot({ defaults, imports: [runs] }),
      vault,
      QlikModule.forRoot({
        timeoutMs: parts.timeoutMs,
        ...parts.qlik,
        tenantHosts: tenantHostPolicy({ QLIK_REGIONS: ['eu'], QLIK_TENANT_HOSTS: ['{name}.{region}.qlikcloud.com'] }),
      }),
    ],
  });
  const module = await Test.createTestingModule({
    imports: [
      DatabaseModule.forRoot({ url: undefined as never, maxConnections: 1 }),
      CustomersModule.forRoot({ rotation: defaults, imports: [runs, VaultSealingModule.forRoot(vault)] }),
      RunRunnerModule.forRoot({ settings: new RunSettings(parts.leaseMs, () => 0), imports: [runs, provisioning] }),
    ],
  })
    .overrideProvider(Database)
    .useValue(mortalDatabase(parts.database))
    .compile();
  const transport = module.get(QlikTransport, { strict: false });
  const call = transport.call.bind(transport);
  transport.call = (request, context) => pass(`${request.operation} at Qlik`, () => call(request, context));
  return module.init();
}

/** A queue that delivers nothing: the tests deliver. */
class SilentQueueModule {
  static forRoot(): DynamicModule {
    const wakeUps = { send: () => Promise.resolve() };
    return { module: SilentQueueModule, providers: [{ provide: WakeUps, useValue: wakeUps }], exports: [WakeUps] };
  }
}
// As a call: Node, which runs this file as it is in test/chaos, knows no decorators.
Module({})(SilentQueueModule);

function mortalDatabase(database: Database): Pick<Database, 'client' | 'transaction' | 'sql' | 'sqlTransaction'> {
  return {
    client: mortalClient(database.client),
    sql: mortalClient(database.sql),
    sqlTransaction: (work) => pass('COMMIT', () => database.sqlTransaction((tx) => work(mortalClient(tx)))),
    transaction: (work) => pass('COMMIT', () => database.transaction((tx) => work(mortalClient(tx)))),
  };
}

/** The same client with every statement, raw or of a model, as one await. */
function mortalClient<Client extends Sql>(client: Client): Client {
  return new Proxy(client, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name === '$queryRaw' || name === '$executeRaw') return mortalRaw(member as RawStatement, target);
      return typeof member === 'object' && member !== null ? mortalModel(String(name), member) : member;
    },
  });
}

type RawStatement = (this: unknown, sql: TemplateStringsArray, ...values: unknown[]) => Promise<unknown>;

function mortalRaw(statement: RawStatement, client: unknown): RawStatement {
  return (sql, ...values) => {
    const text = sql.join('…').replaceAll(/\s+/g, ' ').trim();
    // The lease is renewed by the clock, not at a place in the code.
    const counted = !text.startsWith('UPDATE runs SET lease_until = now() +');
    return pass(text.slice(0, 60), async () => statement.call(client, sql, ...values), { counted });
  };
}

function mortalModel(name: string, model: object): object {
  return new Proxy(model, {
    get: (target, operation) => {
      const member: unknown = Reflect.get(target, operation);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) =>
        pass(`${name}.${String(operation)}`, async () => (await Reflect.apply(member, target, args)) as unknown);
    },
  });
}
