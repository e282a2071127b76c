import { randomUUID } from 'node:crypto';
import { ROTATION_STEPS, RotationDefaults, rotationSettings, RotationsService, RotationStart } from '@app/customers';
import { DomainError, parseConfig, type Run, type RunState } from '@app/platform';
import { RotationSweep } from '@app/provisioning';
import { type Plan, type RunResult, RunSuccession, type RunWaker } from '@app/runs';
import { pino } from 'pino';
import { DueCustomers } from '../../libs/provisioning/src/due-customers.js';
import { Gate } from './gate.js';
import { RunsHarness } from './runs-harness.js';
import { FakeStep, TestPlan } from './test-plan.js';

const HOUR_MS = 3_600_000;
const LEASE_MS = 30_000;
const silent = pino({ level: 'silent' });

/** Where a rotation can stand; null before its first step. */
export type StepName = (typeof ROTATION_STEPS)[number] | null;
/** Everywhere that a rotation can stand. */
export const STEPS: readonly StepName[] = [null, 'mint', 'verify', 'promote', 'grace', 'retire', 'prove-revoked'];
/** The states in which a run goes on by itself. */
export const OPEN: readonly RunState[] = ['queued', 'running', 'waiting'];
/** The states in which a run waits for a person, or for another request. */
export const STOPPED: readonly RunState[] = ['failed', 'needs_attention'];

/** Steps that leave the customer to others. */
const SHARING: readonly string[] = ['grace', 'prove-revoked'];

/** What can be asked for, by people or by the schedule. */
export type Ask = 'graceful' | 'emergency' | 'rollback' | 'schedule';

/** Whose requests they are. */
export const caller = { id: 'test', actor: 'operator:ann' };
/** What their requests are known by. */
export const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };

/** A customer that is ready. */
export interface Ready {
  customerId: string;
  /** Of the versions, the oldest first; the last is current. */
  versionIds: string[];
}

/** How a run stands that began earlier. */
interface Earlier {
  state: RunState;
  step: string | null;
  input?: object;
  holdsSlot?: boolean;
  plan?: string;
  deadlineAt?: Date;
}

/** What begins rotations, on a database of its own, and a process that walks them by steps that a test has do what it likes. */
export class RotationsHarness {
  readonly service: RotationsService;
  readonly process: ReturnType<RunsHarness['process']>;
  /** Another plan that changes customers. */
  readonly other = new TestPlan('another-plan');
  readonly #steps = ROTATION_STEPS.map((name) =>
    Object.assign(new FakeStep(name, []), SHARING.includes(name) ? { sharesCustomer: true as const } : {}),
  );

  private constructor(readonly runs: RunsHarness) {
    const { database, service, audit } = runs;
    const { start, succession } = this.#newStart();
    this.service = new RotationsService(database, service, succession, start, audit);
    const plan: Plan = {
      name: 'rotation',
      steps: this.#steps,
      explain: () => undefined,
      onEnd: () => Promise.resolve([]),
    };
    this.process = runs.process([plan, this.other]);
  }

  static async start(): Promise<RotationsHarness> {
    return new RotationsHarness(await RunsHarness.start());
  }

  close(): Promise<void> {
    return this.runs.close();
  }

  /** Ends what a test has set: steps do nothing again, nothing is paused, and nothing that is due is swept by the next. */
  async settle(): Promise<void> {
    for (const step of [...this.#steps, this.other.first]) {
      step.does = () => Promise.resolve({ output: {} });
      step.undoes = () => Promise.resolve({});
    }
    await this.runs.database.client.customer.updateMany({ data: { nextRotationAt: null, nextReconciliationAt: null } });
    await this.runs.database.client.pause.deleteMany();
  }

  /** The step that a test may have do something else. */
  step(name: (typeof ROTATION_STEPS)[number]): FakeStep {
    return this.#steps[ROTATION_STEPS.indexOf(name)]!;
  }

  /** Has whoever comes to the step wait at the gate before it does what it did. */
  gateAt(name: (typeof ROTATION_STEPS)[number]): Gate {
    return gateBefore(this.step(name));
  }

  /** A run of the other plan, whose worker waits at the gate before the first step does what it did. */
  async holdOther(customerId: string): Promise<{ holder: Run; gate: Gate; walked: Promise<RunResult> }> {
    const holder = await this.runs.queue(this.other, { customerId });
    const gate = gateBefore(this.other.first);
    const walked = this.process.runner.execute(holder.id);
    await gate.reached;
    return { holder, gate, walked };
  }

  /** A customer that is ready and due for rotation, with secrets the last of which is current. */
  async ready({
    rotation = null,
    dueAt = new Date(0),
    versions = 1,
  }: { rotation?: object | null; dueAt?: Date | null; versions?: number } = {}): Promise<Ready> {
    const { client } = this.runs.database;
    const customerId = await this.runs.customer();
    await client.customer.update({
      where: { id: customerId },
      data: { state: 'ready', nextRotationAt: dueAt, ...(rotation === null ? {} : { rotation }) },
    });
    const dataKeyId = randomUUID();
    const oauthClientId = randomUUID();
    const versionIds = Array.from({ length: versions }, () => randomUUID());
    await client.dataKey.create({
      data: { id: dataKeyId, owner: 'customer', ownerId: customerId, keyEncryptionKeyId: 'key', wrapped: 'wrapped' },
    });
    await client.oAuthClient.create({
      data: {
        ...{ id: oauthClientId, customerId, tenantHost: `${customerId}.eu.qlikcloud.com`, clientId: 'client' },
        ...{ clientName: 'name', createdByRun: randomUUID() },
      },
    });
    await client.secretVersion.createMany({
      data: versionIds.map((id, index) => ({
        ...{ id, customerId, oauthClientId, dataKeyId, version: index + 1, sealed: 'sealed', hint: `hint${index}` },
        state: index === versions - 1 ? ('current' as const) : ('previous' as const),
      })),
    });
    return { customerId, versionIds };
  }

  /** A run that began earlier and stands as told; it holds the slot where a worker would have left it. */
  async earlier(
    customerId: string,
    { state, step, input = { mode: 'graceful' }, plan = 'rotation', ...row }: Earlier,
  ): Promise<string> {
    const id = randomUUID();
    const shares = step !== null && SHARING.includes(step);
    await this.runs.database.client.run.create({
      data: {
        ...{ id, customerId, plan, input, state, step, requestId: 'request-0', actor: 'test' },
        deadlineAt: row.deadlineAt ?? new Date(Date.now() + HOUR_MS),
        holdsSlot: row.holdsSlot ?? (!shares && state !== 'failed'),
        leaseUntil: state === 'running' ? new Date(Date.now() + HOUR_MS) : null,
        nextRunAt: state === 'waiting' ? new Date(Date.now() + HOUR_MS) : null,
        finishedAt: STOPPED.includes(state) ? new Date() : null,
        error: STOPPED.includes(state) ? { code: 'X', message: 'x' } : undefined,
      },
    });
    return id;
  }

  /** Asks for a rotation; returns the code it is refused with. */
  async ask(what: Ask, customerId: string): Promise<string | undefined> {
    try {
      if (what === 'schedule') await this.sweep();
      else if (what === 'rollback') await this.service.rollback(customerId, { reason: 'a test' }, caller, trace);
      else await this.service.start(customerId, { mode: what, reason: 'a test' }, caller, trace);
      return undefined;
    } catch (error) {
      if (error instanceof DomainError) return error.code;
      throw error;
    }
  }

  /** Sweeps as another process would; its wake-ups go nowhere. */
  sweep(): Promise<number> {
    const { start, succession, defaults } = this.#newStart();
    return new RotationSweep(this.newDueCustomers(), start, succession, defaults, silent).sweep();
  }

  /** What finds due customers in another process; its wake-ups go nowhere. */
  newDueCustomers(): DueCustomers {
    const waker: RunWaker = this.runs.newWaker(() => undefined);
    return new DueCustomers(this.runs.database, waker, silent);
  }

  /** The customer's rotations, the oldest first. */
  rotationsOf(customerId: string): Promise<Run[]> {
    const where = { customerId, plan: 'rotation' };
    return this.runs.database.client.run.findMany({ where, orderBy: { createdAt: 'asc' } });
  }

  async nextRotationOf(customerId: string): Promise<Date | null> {
    const { client } = this.runs.database;
    return (await client.customer.findUniqueOrThrow({ where: { id: customerId } })).nextRotationAt;
  }

  /** Delivers a run's wake-ups as the queue would, as long as it goes on at once. */
  async deliver(runId: string): Promise<void> {
    for (let deliveries = 0; deliveries < 10; deliveries += 1) {
      await this.process.runner.execute(runId);
      if ((await this.runs.read(runId)).state !== 'queued') return;
    }
  }

  claim(runId: string) {
    return this.process.claims.claim(runId, LEASE_MS, this.process.registry);
  }

  #newStart() {
    const { service, audit } = this.runs;
    const defaults = new RotationDefaults(parseConfig(rotationSettings, {}));
    const succession = new RunSuccession(audit);
    return { start: new RotationStart(service, succession, audit, defaults), succession, defaults };
  }
}

function gateBefore(step: FakeStep): Gate {
  const gate = new Gate();
  const { does } = step;
  step.does = async (context) => {
    await gate.pass();
    return does(context);
  };
  return gate;
}
