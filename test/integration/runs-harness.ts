import { randomUUID } from 'node:crypto';
import { AuditTrail } from '@app/audit';
import type { Run, RunState } from '@app/platform';
import {
  PausesService,
  type Plan,
  PlanRegistry,
  RunRunner,
  type RunOf,
  RunsReader,
  RunsService,
  RunSettings,
  RunSweep,
  RunWaker,
} from '@app/runs';
import { pino } from 'pino';
import { AttemptCommitter } from '../../libs/runs/src/attempt-committer.js';
import { AttemptsRepository } from '../../libs/runs/src/attempts.repository.js';
import { RunClaimsRepository } from '../../libs/runs/src/run-claims.repository.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { UnsteadyDatabase } from './unsteady-database.js';

/** What one process needs to work on runs, wired by hand. */
export interface RunsProcess {
  runner: RunRunner;
  claims: RunClaimsRepository;
  attempts: AttemptsRepository;
}

/** A database, and everything of the runs library on it. */
export class RunsHarness {
  readonly woken: { runId: string; fence: number }[] = [];
  readonly logged: { level: number; msg: string }[] = [];
  readonly service: RunsService;
  readonly reader: RunsReader;
  readonly sweep: RunSweep;
  readonly pauses: PausesService;
  readonly audit: AuditTrail;
  readonly #waker: RunWaker;
  readonly #logger = pino({ level: 'info' }, { write: (line: string) => void this.logged.push(JSON.parse(line)) });
  #customers = 0;

  private constructor(
    readonly test: TestDatabase,
    readonly database: UnsteadyDatabase,
  ) {
    this.audit = new AuditTrail(database);
    this.#waker = this.newWaker((wakeUp) => void this.woken.push(wakeUp));
    this.service = new RunsService(database, this.audit, this.#waker);
    this.reader = new RunsReader(database);
    this.sweep = new RunSweep(database, this.#waker);
    this.pauses = new PausesService(database, this.audit, this.#waker);
  }

  static async start(): Promise<RunsHarness> {
    const test = await createTestDatabase();
    return new RunsHarness(test, new UnsteadyDatabase({ url: test.url, maxConnections: 10 }));
  }

  async close(): Promise<void> {
    await this.database.onApplicationShutdown();
    await this.test.close();
  }

  /** Resolves when every wake-up under way has been sent. */
  drain(): Promise<void> {
    return this.#waker.drain();
  }

  /** A waker whose wake-ups go to `take`. */
  newWaker(take: (wakeUp: { runId: string; fence: number }) => void): RunWaker {
    return new RunWaker({ send: async (wakeUp: never) => Promise.resolve(take(wakeUp)) } as never, this.#logger);
  }

  /** A process that knows `plans`. */
  process(
    plans: readonly Plan[],
    { leaseMs = 30_000, handOverMs }: { leaseMs?: number; handOverMs?: number } = {},
  ): RunsProcess & { registry: PlanRegistry } {
    const { database } = this;
    const claims = new RunClaimsRepository(database);
    const attempts = new AttemptsRepository(database);
    const registry = new PlanRegistry(plans);
    const committer = new AttemptCommitter(database, attempts, this.audit);
    const settings = new RunSettings(leaseMs, () => 0, handOverMs);
    const runner = new RunRunner(claims, attempts, committer, registry, settings, this.#waker, this.#logger);
    return { runner, claims, attempts, registry };
  }

  async customer(): Promise<string> {
    const id = randomUUID();
    this.#customers += 1;
    const name = `customer-${this.#customers}`;
    await this.database.client.customer.create({
      data: { id, externalId: name, name, tenantHost: `${name}.eu.qlikcloud.com` },
    });
    return id;
  }

  /** A queued run of `plan`, of a new customer unless one is given. */
  async queue(
    plan: Plan,
    { customerId, wallClockMs = 60_000 }: { customerId?: string; wallClockMs?: number } = {},
  ): Promise<RunOf<string>> {
    const run = {
      customerId: customerId ?? (await this.customer()),
      plan: plan.name,
      wallClockMs,
      actor: 'test',
      requestId: 'request-1',
      traceparent: null,
    };
    return this.database.transaction((tx) => this.service.create(tx, run));
  }

  /** So many queued runs of `plan`, each of a customer of its own, whose wake-ups were lost a minute ago. */
  async queueForgotten(plan: Plan, count: number): Promise<void> {
    await this.database.client.$executeRaw`
      WITH made AS (
        INSERT INTO customers (id, external_id, name, tenant_host)
        SELECT id, id::text, 'one of many', id::text || '.eu.qlikcloud.com'
        FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, ${count}::int)) ids
        RETURNING id
      )
      INSERT INTO runs (id, customer_id, plan, actor, request_id, deadline_at, woken_at)
      SELECT gen_random_uuid(), id, ${plan.name}, 'test', 'request-1', now() + interval '1 day', now() - interval '1 minute' FROM made`;
  }

  /** A run that was queued here, and so has a customer. */
  async read(runId: string): Promise<RunOf<string>> {
    return (await this.database.client.run.findUniqueOrThrow({ where: { id: runId } })) as RunOf<string>;
  }

  /** The run's state, and each step's. */
  async states(runId: string): Promise<{ state: RunState; steps: Record<string, string> }> {
    const { state, steps } = await this.reader.get(runId);
    return { state, steps: Object.fromEntries(steps.map((step) => [step.name, step.state])) };
  }

  /** What came of each try at the step. */
  async attemptsOf(runId: string, step: string) {
    const { steps } = await this.reader.get(runId);
    return steps.find(({ name }) => name === step)?.attemptRows ?? [];
  }

  /** Whether what `writeOnce` writes is there. */
  async wasWritten(name: string): Promise<boolean> {
    return (await this.database.client.installationSetting.count({ where: { name } })) === 1;
  }

  /** What a person sends who has just read the run. */
  async change(runId: string): Promise<{ revision: number; reason: string; actor: string; requestId: string }> {
    const { revision } = await this.read(runId);
    return { revision, reason: 'because', actor: 'operator:ann', requestId: 'request-2' };
  }

  /** Sets a pause, as a person would, and returns its id. */
  async pause(target: { plan: string } | { tenantHost: string }): Promise<string> {
    const asked = { ...(target as { tenantHost: string }), reason: 'maintenance', actor: 'operator:ann' };
    return (await this.pauses.set({ ...asked, requestId: 'request-3' })).pause.id;
  }

  /** The tenant of the run's customer. */
  async tenantOf(runId: string): Promise<string> {
    const where = { runs: { some: { id: runId } } };
    return (await this.database.client.customer.findFirstOrThrow({ where })).tenantHost;
  }

  lift(pauseId: string): Promise<void> {
    return this.pauses.lift(pauseId, { actor: 'operator:bob', requestId: 'request-4' });
  }

  async cancel(runId: string): Promise<Run> {
    return this.service.cancel(runId, await this.change(runId));
  }

  async retry(runId: string): Promise<Run> {
    return this.service.retry(runId, await this.change(runId), () => Promise.resolve());
  }

  /** As if the time until the lease ends and the wait is over had gone by. */
  async letTimePass(runId: string): Promise<void> {
    await this.database.client.$executeRaw`
      UPDATE runs SET lease_until = lease_until - interval '1 day', next_run_at = next_run_at - interval '1 day',
        woken_at = woken_at - interval '1 day' WHERE id = ${runId}::uuid`;
  }

  /** As if nobody had woken the run for a minute. */
  async forgetWakeUp(runId: string): Promise<void> {
    await this.database.client.$executeRaw`
      UPDATE runs SET woken_at = now() - interval '1 minute' WHERE id = ${runId}::uuid`;
  }

  /** The actions of the customer's audit events, oldest first. */
  async audited(customerId: string): Promise<string[]> {
    const { events } = await this.audit.list({ customerId, limit: 100 });
    return events.map(({ action }) => action).reverse();
  }
}
