import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { ClaimedRun } from './claimed-run.js';
import type { PlanRegistry } from './plan-registry.js';

/** Claims on runs: a fence that only rises, and a lease by the database's clock. */
@Injectable()
export class RunClaimsRepository {
  constructor(private readonly database: Database) {}

  /** Takes the run if it is due and nobody holds it, for `leaseMs`, with a row for each step of its plan; undefined if there is nothing to take. */
  async claim(runId: string, leaseMs: number, plans: PlanRegistry): Promise<ClaimedRun | undefined> {
    const rows = await this.database.sql.$queryRaw<ClaimedRun[]>`
      WITH due AS (
        SELECT id, state, plan, step FROM runs
        WHERE id = ${runId}::uuid
          AND (lease_until IS NULL OR lease_until < now())
          AND (state IN ('queued', 'running') OR (state = 'waiting' AND next_run_at <= now()))
          AND plan = ANY(${plans.planNames}::text[])
          AND (step IS NULL OR plan || '/' || step = ANY(${plans.stepNames}::text[]))
        FOR UPDATE SKIP LOCKED
      ), plan_step AS (
        SELECT due.id AS run_id, split_part(known.name, '/', 2) AS name, position,
          split_part(known.name, '/', 2) = coalesce(due.step, first_value(split_part(known.name, '/', 2)) OVER (ORDER BY position)) AS is_next
        FROM due JOIN unnest(${plans.stepNames}::text[]) WITH ORDINALITY AS known(name, position)
          ON split_part(known.name, '/', 1) = due.plan
      ), step AS (
        INSERT INTO run_steps AS kept (run_id, name, position, state, started_at)
        SELECT run_id, name, position, (CASE WHEN is_next THEN 'running' ELSE 'pending' END)::step_state, CASE WHEN is_next THEN now() END
        FROM plan_step
        ON CONFLICT (run_id, name) DO UPDATE SET position = EXCLUDED.position,
          state = CASE WHEN EXCLUDED.state = 'running' THEN 'running' ELSE kept.state END,
          started_at = coalesce(kept.started_at, EXCLUDED.started_at),
          waiting_until = CASE WHEN EXCLUDED.state = 'running' THEN NULL ELSE kept.waiting_until END,
          finished_at = CASE WHEN EXCLUDED.state = 'running' THEN NULL ELSE kept.finished_at END
      )
      UPDATE runs SET fence = fence + 1, lease_until = now() + ${leaseMs} * interval '1 ms', state = 'running',
        step = (SELECT name FROM plan_step WHERE is_next),
        next_run_at = NULL, woken_at = now(), started_at = coalesce(started_at, now()), revision = revision + 1
      FROM due WHERE runs.id = due.id
      RETURNING runs.id, customer_id AS "customerId", runs.plan, actor, request_id AS "requestId", traceparent, fence,
        due.state::text AS "formerState", runs.step, attempts, intent, cancel_requested AS "cancelRequested",
        deadline_at AS "deadlineAt", now() AS "claimedAt",
        (SELECT coalesce(json_object_agg(s.name, s.output), '{}') FROM run_steps s
         WHERE s.run_id = runs.id AND s.output IS NOT NULL) AS outputs`;
    return rows[0];
  }

  /** Prolongs the lease; false when the run is no longer held under this fence. */
  async renew(runId: string, fence: number, leaseMs: number): Promise<boolean> {
    const renewed = await this.database.sql.$executeRaw`
      UPDATE runs SET lease_until = now() + ${leaseMs} * interval '1 ms'
      WHERE id = ${runId}::uuid AND fence = ${fence} AND state = 'running'`;
    return renewed === 1;
  }

  /** Gives the run back untouched, due in `pauseMs`; false when it was no longer held under this fence. */
  async handBack(runId: string, fence: number, pauseMs = 0): Promise<boolean> {
    const handedBack = await this.database.sql.$executeRaw`
      UPDATE runs SET state = (CASE WHEN ${pauseMs} > 0 THEN 'waiting' ELSE 'queued' END)::run_state, lease_until = NULL,
        next_run_at = now() + ${pauseMs} * interval '1 ms', woken_at = now(), revision = revision + 1
      WHERE id = ${runId}::uuid AND fence = ${fence} AND state = 'running'`;
    return handedBack === 1;
  }

  /** How long until a waiting run is due, in ms; undefined when it does not wait. */
  async findRemainingWaitMs(runId: string): Promise<number | undefined> {
    const rows = await this.database.sql.$queryRaw<{ ms: number }[]>`
      SELECT extract(epoch FROM next_run_at - now())::float8 * 1000 AS ms FROM runs
      WHERE id = ${runId}::uuid AND state = 'waiting' AND next_run_at > now()`;
    return rows[0]?.ms;
  }
}
