import { randomUUID } from 'node:crypto';
import { AuditTrail } from '@app/audit';
import { Database, type Run, type RunState, type Sql } from '@app/platform';
import {
  type Completed,
  type Failure,
  PausesService,
  type Plan,
  PlanRegistry,
  type RetryPolicy,
  RunRunner,
  type RunOf,
  type RunOutcome,
  RunsReader,
  RunsService,
  RunSettings,
  RunSweep,
  RunWaker,
  type Step,
  type StepContext,
} from '@app/runs';
import { pino } from 'pino';
import { z } from 'zod';
import { AttemptCommitter } from '../../libs/runs/src/attempt-committer.js';
import { AttemptsRepository } from '../../libs/runs/src/attempts.repository.js';
import { RunClaimsRepository } from '../../libs/runs/src/run-claims.repository.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

/** A step that does what the test says, and notes what was asked of it. */
export class FakeStep implements Step {
  readonly output = z.unknown();
  does: (context: StepContext) => Promise<Completed<unknown>> = () => Promise.resolve({ output: {} });
  undoes: (context: StepContext) => Promise<Pick<Completed<unknown>, 'intent' | 'commit'>> = () => Promise.resolve({});
  isNeeded?: (intent: unknown) => boolean;

  constructor(
    readonly name: string,
    private readonly story: string[],
    readonly retry: RetryPolicy = { maxAttempts: 3, baseMs: 1, maxMs: 1 },
  ) {}

  run(context: StepContext): Promise<Completed<unknown>> {
    this.story.push(this.name);
    return this.does(context);
  }

  undo(context: StepContext): Promise<Pick<Completed<unknown>, 'intent' | 'commit'>> {
    this.story.push(`undo ${this.name}`);
    return this.undoes(context);
  }
}

/** A plan of three steps and what happened in it. */
export class TestPlan implements Plan {
  readonly story: string[] = [];
  readonly ends: { outcome: RunOutcome; code?: string }[] = [];
  readonly first = new FakeStep('first', this.story);
  readonly second = new FakeStep('second', this.story);
  readonly third = new FakeStep('third', this.story);
  readonly steps = [this.first, this.second, this.third];
  explain: (error: unknown) => Failure | undefined = () => undefined;

  constructor(readonly name = `plan-${randomUUID()}`) {}

  onEnd(_tx: Sql, _run: unknown, outcome: RunOutcome, error: { code: string } | null): Promise<[]> {
    this.ends.push(error === null ? { outcome } : { outcome, code: error.code });
    return Promise.resolve([]);
  }
}

/** A database whose transactions can be made to fail before they begin, or after they were committed. */
export class UnsteadyDatabase extends Database {
  /** Commits whose answer is lost, from now on. */
  lostAnswers = 0;
  /** Transactions that do not begin, from now on. */
  refusals = 0;
  /** Until when no transaction begins, as while PostgreSQL starts anew; on the scale of `Date.now()`. */
  awayUntil = 0;

  override async sqlTransaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    if (Date.now() < this.awayUntil)
      throw Object.assign(new Error('the database system is starting up'), { code: '57P03' });
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('the connection was refused');
    }
    const result = await super.sqlTransaction(work);
    if (this.lostAnswers === 0) return result;
    this.lostAnswers -= 1;
    throw new Error('the connection broke after COMMIT');
  }
}

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

/** Writes a row that can be written once: a second time fails. */
export const writeOnce =
  (name: string) =>
  async (tx: Sql): Promise<[]> => {
    await tx.$executeRaw`INSERT INTO installation_settings (name, value) VALUES (${name}, '')`;
    return [];
  };

/** Something that a test lets happen when it wants to. */
export class Gate {
  readonly #opened = deferred();
  readonly #reached = deferred();
  /** Resolves once somebody waits at the gate. */
  readonly reached: Promise<void> = this.#reached.promise;

  open(): void {
    this.#opened.resolve();
  }

  pass(): Promise<void> {
    this.#reached.resolve();
    return this.#opened.promise;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
