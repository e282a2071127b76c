import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { ClaimedRun } from './claimed-run.js';
import type { PlanRegistry } from './plan-registry.js';
import { LeaseLost } from './step-failure.js';

/** Claims on runs: a fence that only rises, and a lease by the database's clock. */
@Injectable()
export class RunClaimsRepository {
  constructor(private readonly database: Database) {}

  /** Takes the run if it is due and nobody holds it, for `leaseMs`; undefined if there is nothing to take. */
  async claim(runId: string, leaseMs: number, plans: PlanRegistry): Promise<ClaimedRun | undefined> {
    const rows = await this.database.client.$queryRaw<ClaimedRun[]>`
      WITH due AS (
        SELECT id, state, step FROM runs
        WHERE id = ${runId}::uuid
          AND (lease_until IS NULL OR lease_until < now())
          AND (state IN ('queued', 'running') OR (state = 'waiting' AND next_run_at <= now()))
          AND plan = ANY(${plans.planNames}::text[])
          AND (step IS NULL OR plan || '/' || step = ANY(${plans.stepNames}::text[]))
        FOR UPDATE SKIP LOCKED
      ), under_way AS (
        UPDATE run_steps SET state = 'running', started_at = coalesce(run_steps.started_at, now()), waiting_until = NULL, finished_at = NULL
        FROM due WHERE run_steps.run_id = due.id AND run_steps.name = due.step
      )
      UPDATE runs SET fence = fence + 1, lease_until = now() + ${leaseMs} * interval '1 ms', state = 'running',
        next_run_at = NULL, woken_at = now(), started_at = coalesce(started_at, now()), revision = revision + 1
      FROM due WHERE runs.id = due.id
      RETURNING runs.id, customer_id AS "customerId", plan, actor, request_id AS "requestId", traceparent, fence,
        due.state::text AS "formerState", runs.step, attempts, intent, cancel_requested AS "cancelRequested",
        deadline_at AS "deadlineAt", now() AS "claimedAt",
        (SELECT coalesce(json_agg(json_build_object('name', s.name, 'state', s.state, 'output', s.output, 'attempts', s.attempts)
           ORDER BY s.position), '[]') FROM run_steps s WHERE s.run_id = runs.id) AS steps`;
    return rows[0];
  }

  /** Writes the rows of the plan's steps that the run lacks, and puts it on `step`. Throws LeaseLost. */
  async addSteps(run: ClaimedRun, stepNames: readonly string[], step: string): Promise<void> {
    const held = await this.database.client.$queryRaw<unknown[]>`
      WITH held AS (
        UPDATE runs SET step = ${step} WHERE id = ${run.id}::uuid AND fence = ${run.fence} AND state = 'running' RETURNING id
      ), added AS (
        INSERT INTO run_steps (run_id, name, position, state, started_at)
        SELECT held.id, name, position, (CASE WHEN name = ${step} THEN 'running' ELSE 'pending' END)::step_state,
          CASE WHEN name = ${step} THEN now() END
        FROM held, unnest(${[...stepNames]}::text[]) WITH ORDINALITY AS plan_step(name, position)
        ON CONFLICT (run_id, name) DO UPDATE SET position = EXCLUDED.position,
          state = CASE WHEN run_steps.name = ${step} THEN 'running' ELSE run_steps.state END,
          started_at = coalesce(run_steps.started_at, EXCLUDED.started_at)
      )
      SELECT 1 FROM held`;
    if (held.length === 0) throw new LeaseLost('taken', run.id);
  }

  /** Prolongs the lease; false when the run is no longer held under this fence. */
  async renew(runId: string, fence: number, leaseMs: number): Promise<boolean> {
    const renewed = await this.database.client.$executeRaw`
      UPDATE runs SET lease_until = now() + ${leaseMs} * interval '1 ms'
      WHERE id = ${runId}::uuid AND fence = ${fence} AND state = 'running'`;
    return renewed === 1;
  }

  /** Gives the run back untouched, due in `pauseMs`; false when it was no longer held under this fence. */
  async handBack(runId: string, fence: number, pauseMs = 0): Promise<boolean> {
    const handedBack = await this.database.client.$executeRaw`
      UPDATE runs SET state = (CASE WHEN ${pauseMs} > 0 THEN 'waiting' ELSE 'queued' END)::run_state, lease_until = NULL,
        next_run_at = now() + ${pauseMs} * interval '1 ms', woken_at = now(), revision = revision + 1
      WHERE id = ${runId}::uuid AND fence = ${fence} AND state = 'running'`;
    return handedBack === 1;
  }

  /** How long until a waiting run is due, in ms; undefined when it does not wait. */
  async findRemainingWaitMs(runId: string): Promise<number | undefined> {
    const rows = await this.database.client.$queryRaw<{ ms: number }[]>`
      SELECT extract(epoch FROM next_run_at - now())::float8 * 1000 AS ms FROM runs
      WHERE id = ${runId}::uuid AND state = 'waiting' AND next_run_at > now()`;
    return rows[0]?.ms;
  }
}
