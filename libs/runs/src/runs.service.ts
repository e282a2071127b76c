import { Injectable } from '@nestjs/common';
import { Database, DomainError, type Run, type RunState, type Sql, type Transaction } from '@app/platform';
import { AuditTrail, type AuditAction } from '@app/audit';
import { v7 as uuidv7 } from 'uuid';
import { ONCE_UNDONE } from './begins-again.js';
import { auditedAs } from './run-audit.js';
import { SUPERSEDED } from './run-error.js';
import { queueAgain, RESET_STEPS, RUN_COLUMNS, WOKEN_NOW } from './run-columns.js';
import { CANCELLABLE_STATES, RETRYABLE_STATES } from './run-states.js';
import { RunWaker, type Wakeable } from './run-waker.js';

/** A run to be made. */
export interface NewRun<CustomerId extends string | null = string> {
  /** A new UUID by default. */
  id?: string;
  /** Null for a run of a plan whose runs have no customer; its `input` names the `tenantHost`. */
  customerId: CustomerId;
  plan: string;
  /** From acceptance to giving up. */
  wallClockMs: number;
  actor: string;
  requestId: string;
  traceparent: string | null;
  reason?: string;
  /** What its plan is told, where it leaves a choice. */
  input?: Readonly<Record<string, unknown>>;
  /** Accepted also while another run changes the customer: it begins once that has let go. */
  waitsForSlot?: true;
}

/** A run of a customer, or of none, as `CustomerId` says. */
export type RunOf<CustomerId extends string | null> = Run & { customerId: CustomerId };

/** Who asks for a change of a run, why, and which revision of it they saw. */
export interface RunChange {
  revision: number;
  reason: string;
  actor: string;
  requestId: string;
}

/** How long a run that was retried or cancelled may take before it gives up, in ms: a day, which outlasts an outage that a person is mending. */
export const CHANGED_WALL_CLOCK_MS = 86_400_000;

/** Makes runs and lets people change them. Waking is the caller's, after its commit. */
@Injectable()
export class RunsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly waker: RunWaker,
  ) {}

  /** Writes a queued run in the caller's transaction. Throws CUSTOMER_BUSY while another run changes the customer. */
  async create<CustomerId extends string | null>(tx: Sql, run: NewRun<CustomerId>): Promise<RunOf<CustomerId>> {
    const [created] = await tx.$queryRaw<RunOf<CustomerId>[]>`
      INSERT INTO runs (id, customer_id, plan, input, holds_slot, actor, request_id, traceparent, reason, deadline_at)
      VALUES (${run.id ?? uuidv7()}::uuid, ${run.customerId}::uuid, ${run.plan}, ${JSON.stringify(run.input ?? {})}::jsonb,
        ${run.customerId !== null && run.waitsForSlot !== true}, ${run.actor}, ${run.requestId}, ${run.traceparent}, ${run.reason ?? null},
        now() + ${run.wallClockMs} * interval '1 ms')
      ON CONFLICT (customer_id) WHERE holds_slot DO NOTHING
      RETURNING ${RUN_COLUMNS}`;
    if (created !== undefined) return created;
    const [holder] = await tx.$queryRaw<Run[]>`
      SELECT ${RUN_COLUMNS} FROM runs WHERE customer_id = ${run.customerId}::uuid AND holds_slot`;
    if (holder === undefined)
      throw new Error(`The slot of customer "${run.customerId}" was taken and given up at once.`);
    throw customerBusy(holder);
  }

  /** Sends the run's wake-up in the background; for after the commit that made or changed it. */
  wake(run: Wakeable): void {
    this.waker.wake(run);
  }

  /**
   * Queues a run again that failed, needed attention or was cancelled. `work` writes what else that means.
   * Throws RUN_NOT_FOUND, RUN_CHANGED, RUN_STATE_CONFLICT, RUN_SUPERSEDED or CUSTOMER_BUSY.
   */
  retry(runId: string, change: RunChange, work: (tx: Transaction, run: Run) => Promise<void>): Promise<Run> {
    return this.#change(runId, change, 'run.retried', RETRYABLE_STATES, async (tx, run) => {
      if ((run.error as { code?: string } | null)?.code === SUPERSEDED) throw superseded(run);
      // One that stopped while it shared the customer shares it again; the claim takes the slot where it is needed.
      if (run.holdsSlot || run.state !== 'needs_attention') await this.#refuseTakenSlot(tx, run);
      if (run.state === 'cancelled') {
        await tx.$executeRaw`${RESET_STEPS} WHERE run_id = ${runId}::uuid`;
      }
      await tx.$executeRaw`
        UPDATE runs SET ${queueAgain(CHANGED_WALL_CLOCK_MS)}, holds_slot = customer_id IS NOT NULL AND (holds_slot OR state <> 'needs_attention'),
          step = CASE WHEN state = 'cancelled' THEN NULL ELSE step END,
          cancel_requested = cancel_requested AND state <> 'cancelled',
          reason = ${change.reason}
        WHERE id = ${runId}::uuid`;
      await work(tx, run);
    });
  }

  /** Tells a run to stop at its next step boundary and to take back what it made; `check` may refuse by throwing. Throws RUN_NOT_FOUND, RUN_CHANGED or RUN_STATE_CONFLICT. */
  cancel(runId: string, change: RunChange, check: (run: Run) => void = () => undefined): Promise<Run> {
    return this.#change(runId, change, 'run.cancel_requested', CANCELLABLE_STATES, async (tx, run) => {
      check(run);
      await tx.$executeRaw`
        UPDATE runs SET cancel_requested = true, input = input - ${ONCE_UNDONE}::text, reason = ${change.reason}, revision = revision + 1,
          state = CASE WHEN state = 'running' THEN state ELSE 'queued' END,
          fence = CASE WHEN state = 'running' THEN fence ELSE fence + 1 END,
          attempts = CASE WHEN state = 'running' THEN attempts ELSE 0 END,
          deadline_at = greatest(deadline_at, now() + ${CHANGED_WALL_CLOCK_MS} * interval '1 ms'),
          next_run_at = NULL, finished_at = NULL, ${WOKEN_NOW}
        WHERE id = ${runId}::uuid`;
    });
  }

  async #change(
    runId: string,
    change: RunChange,
    action: AuditAction,
    from: readonly RunState[],
    write: (tx: Transaction, run: Run) => Promise<void>,
  ): Promise<Run> {
    const changed = await this.database.transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM runs WHERE id = ${runId}::uuid FOR UPDATE`;
      const run = await tx.run.findUnique({ where: { id: runId } });
      if (run === null) throw new DomainError('not-found', 'RUN_NOT_FOUND', `There is no run "${runId}".`);
      if (run.revision !== change.revision) throw staleRun(run);
      if (!from.includes(run.state)) throw wrongState(run, from);
      await write(tx, run);
      await this.audit.append(tx, {
        ...auditedAs(run),
        action,
        actor: change.actor,
        data: { plan: run.plan, step: run.step, formerState: run.state, reason: change.reason },
        requestId: change.requestId,
      });
      return tx.run.findUniqueOrThrow({ where: { id: runId } });
    });
    this.waker.wake(changed);
    return changed;
  }

  /** Holds the customer's row, so that of two runs retried at once, or one retried while another is made, one is refused. */
  async #refuseTakenSlot(tx: Transaction, run: Run): Promise<void> {
    if (run.customerId === null) return;
    await tx.$queryRaw`SELECT 1 FROM customers WHERE id = ${run.customerId}::uuid FOR UPDATE`;
    const holder = await tx.run.findFirst({
      where: { customerId: run.customerId, holdsSlot: true, id: { not: run.id } },
    });
    if (holder !== null) throw customerBusy(holder);
  }
}

const customerBusy = (holder: Run): DomainError =>
  new DomainError(
    'conflict',
    'CUSTOMER_BUSY',
    `The run "${holder.id}" (${holder.plan}) changes this customer now. Wait until it has ended, or cancel it.`,
    { facts: { runId: holder.id } },
  );

const staleRun = (run: Run): DomainError =>
  new DomainError(
    'stale',
    'RUN_CHANGED',
    `The run "${run.id}" is "${run.state}" now, at another revision than the one you name. Read it again and decide anew.`,
    { facts: { revision: run.revision } },
  );

const superseded = (run: Run): DomainError =>
  new DomainError(
    'conflict',
    'RUN_SUPERSEDED',
    `Another run took the place of "${run.id}": ${(run.error as { message?: string } | null)?.message ?? ''} Look at that one.`,
  );

const wrongState = (run: Run, from: readonly RunState[]): DomainError =>
  new DomainError(
    'conflict',
    'RUN_STATE_CONFLICT',
    `The run "${run.id}" is "${run.state}"; this is possible only from ${from.map((state) => `"${state}"`).join(', ')}.`,
    { facts: { state: run.state } },
  );
