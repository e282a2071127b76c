import { Injectable } from '@nestjs/common';
import { type AuditAction, AuditTrail } from '@app/audit';
import { Prisma, type Run, type Sql } from '@app/platform';
import { ONCE_UNDONE } from './begins-again.js';
import type { PlanName } from './plan-names.js';
import { queueAgain, RESET_STEPS, RUN_COLUMNS, WOKEN_NOW } from './run-columns.js';
import { auditedAs } from './run-audit.js';
import { SUPERSEDED } from './run-error.js';
import { assertRunTransition, UNFINISHED_STATES } from './run-states.js';
import { CHANGED_WALL_CLOCK_MS } from './runs.service.js';

/** Who has an unfinished run go on or end, and why. */
export interface Takeover {
  reason: string;
  actor: string;
  requestId: string;
}

/** What a new request means for runs of the same plan that are not done yet. Everything is written in the caller's transaction; waking is the caller's, after its commit. */
@Injectable()
export class RunSuccession {
  constructor(private readonly audit: AuditTrail) {}

  /** The customer's runs of the plan that are not done, the newest first; until the transaction ends they are held, and nobody else who asks so gets to begin another. */
  async listUnfinished(tx: Sql, customerId: string, plan: PlanName): Promise<Run[]> {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`${plan} ${customerId}`}, 0))::text`;
    return tx.$queryRaw<Run[]>`SELECT ${RUN_COLUMNS} ${unfinished(customerId, plan)} FOR UPDATE`;
  }

  /** The customer's newest run of the plan, however it stands; there must be one. */
  async getNewest(tx: Sql, customerId: string, plan: PlanName): Promise<Run> {
    const [run] = await tx.$queryRaw<Run[]>`
      SELECT ${RUN_COLUMNS} FROM runs WHERE customer_id = ${customerId}::uuid AND plan = ${plan}
      ORDER BY created_at DESC, id DESC LIMIT 1`;
    if (run === undefined) throw new Error(`The customer "${customerId}" has no run of the plan "${plan}".`);
    return run;
  }

  /** `listUnfinished` without waiting: undefined if another process holds one of them, or is about to begin one, at this moment. */
  async findUnfinished(tx: Sql, customerId: string, plan: PlanName): Promise<Run[] | undefined> {
    const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(hashtextextended(${`${plan} ${customerId}`}, 0)) AS taken`;
    if (lock?.taken !== true) return undefined;
    const found = unfinished(customerId, plan);
    const all = await tx.$queryRaw<{ id: string }[]>`SELECT id ${found}`;
    if (all.length === 0) return [];
    const free = await tx.$queryRaw<Run[]>`SELECT ${RUN_COLUMNS} ${found} FOR UPDATE SKIP LOCKED`;
    return free.length === all.length ? free : undefined;
  }

  /** Ends a run that another one takes the place of; what it made stays for that one. */
  async supersede(tx: Sql, run: Run, byRunId: string, takeover: Takeover): Promise<void> {
    if (run.state !== 'running') assertRunTransition(run.state, 'cancelled');
    const error = { code: SUPERSEDED, message: `The run "${byRunId}" took its place.` };
    await tx.$executeRaw`
      WITH ended AS (
        UPDATE runs SET state = 'cancelled', error = ${JSON.stringify(error)}::jsonb, fence = fence + 1, holds_slot = false,
          lease_until = NULL, next_run_at = NULL, finished_at = now(), revision = revision + 1
        WHERE id = ${run.id}::uuid
      )
      UPDATE run_steps SET state = 'skipped', waiting_until = NULL, finished_at = now()
      WHERE run_id = ${run.id}::uuid AND state NOT IN ('succeeded', 'skipped', 'undone')`;
    await this.#note(tx, run, 'run.superseded', takeover, { byRunId });
  }

  /** Has a run that stopped go on at its step, with what is left of its time or `wallClockMs`. */
  async requeue(tx: Sql, run: Run, takeover: Takeover, wallClockMs = CHANGED_WALL_CLOCK_MS): Promise<Run> {
    assertRunTransition(run.state, 'queued');
    const [requeued] = await tx.$queryRaw<Run[]>`
      UPDATE runs SET ${queueAgain(wallClockMs)} WHERE id = ${run.id}::uuid RETURNING ${RUN_COLUMNS}`;
    await this.#note(tx, run, 'run.retried', takeover);
    return requeued!;
  }

  /** Has a run that stopped begin at its first step again. */
  async beginAnew(tx: Sql, run: Run, takeover: Takeover): Promise<Run> {
    await tx.$executeRaw`${RESET_STEPS} WHERE run_id = ${run.id}::uuid`;
    await tx.$executeRaw`UPDATE runs SET step = NULL, intent = NULL WHERE id = ${run.id}::uuid`;
    return this.requeue(tx, run, takeover);
  }

  /** Has a run that stopped, once it goes on, do so at `step` (null: its first), as if it had not come further. */
  async rewind(tx: Sql, run: Run, step: string | null): Promise<void> {
    await tx.$executeRaw`${RESET_STEPS} WHERE run_id = ${run.id}::uuid AND run_steps.position >= coalesce((
      SELECT reached.position FROM run_steps reached WHERE reached.run_id = ${run.id}::uuid AND reached.name = ${step}), 0)`;
    await tx.$executeRaw`UPDATE runs SET step = ${step}, attempts = 0, revision = revision + 1 WHERE id = ${run.id}::uuid`;
  }

  /** Has an open run look again at once at a step that only waits: a process that looks at this moment loses the run, and what it saw is not used. It has `wallClockMs` at least from here. */
  async lookAgain(tx: Sql, runId: string, wallClockMs: number): Promise<Run> {
    const [due] = await tx.$queryRaw<Run[]>`
      UPDATE runs SET state = 'queued', fence = fence + 1, lease_until = NULL, next_run_at = NULL, ${WOKEN_NOW},
        deadline_at = greatest(deadline_at, now() + ${wallClockMs} * interval '1 ms'), revision = revision + 1
      WHERE id = ${runId}::uuid RETURNING ${RUN_COLUMNS}`;
    return due!;
  }

  /** Lets a run take `wallClockMs` at least from here. */
  async giveTime(tx: Sql, runId: string, wallClockMs: number): Promise<void> {
    await tx.$executeRaw`
      UPDATE runs SET deadline_at = greatest(deadline_at, now() + ${wallClockMs} * interval '1 ms') WHERE id = ${runId}::uuid`;
  }

  /** Tells a run anew what it is to do; it learns of it at its next step, or, where it is being undone, begins again with it once that is done. */
  async redirect(tx: Sql, run: Run, input: Readonly<Record<string, unknown>>, reason: string): Promise<void> {
    const told = run.cancelRequested ? { ...input, [ONCE_UNDONE]: true } : input;
    await tx.$executeRaw`
      UPDATE runs SET input = ${JSON.stringify(told)}::jsonb, reason = ${reason}, revision = revision + 1
      WHERE id = ${run.id}::uuid`;
  }

  async #note(
    tx: Sql,
    run: Run,
    action: AuditAction,
    { reason, actor, requestId }: Takeover,
    subject: Record<string, string> = {},
  ): Promise<void> {
    const audited = auditedAs(run);
    await this.audit.append(tx, {
      chain: audited.chain,
      action,
      actor,
      subject: { ...audited.subject, ...subject },
      data: { plan: run.plan, step: run.step, formerState: run.state, reason },
      requestId,
    });
  }
}

const unfinished = (customerId: string, plan: PlanName): Prisma.Sql => Prisma.sql`
  FROM runs WHERE customer_id = ${customerId}::uuid AND plan = ${plan} AND state = ANY(${UNFINISHED_STATES}::run_state[])
  ORDER BY created_at DESC, id DESC`;
