import { Injectable } from '@nestjs/common';
import { Database, findSqlState, Prisma } from '@app/platform';
import type { ClaimedRun } from './claimed-run.js';
import { WORKER_LOST } from './failed-attempt.js';
import { IS_DUE, IS_FREE } from './is-due.js';
import { IS_PAUSED } from './is-paused.js';
import type { PlanRegistry } from './plan-registry.js';
import { WOKEN_NOW } from './run-columns.js';

/** What keeps an open run that nobody holds from being claimed. */
export interface Obstacle {
  plan: string;
  step: string | null;
  /** Whether this process knows the plan and the step. */
  isKnown: boolean;
  /** How long until a waiting run is due; null when it does not wait. */
  waitMs: number | null;
  /** Whether the customer's slot is all it lacks, and is with a run that waits for a person: one that stopped, or that a pause holds. */
  slotIsIdle: boolean;
}

/** In a statement on `runs`: whether the run keeps the customer's slot though nobody is at it, and only a person has it go on. */
const HOLDS_IDLY = Prisma.sql`(runs.holds_slot AND (runs.state = 'needs_attention' OR ${IS_FREE} AND ${IS_PAUSED}))`;

const UNIQUE_VIOLATION = '23505';

/** Claims on runs: a fence that only rises, a lease by the database's clock, and the customer's slot where the step needs it. */
@Injectable()
export class RunClaimsRepository {
  constructor(private readonly database: Database) {}

  /** Takes the run if it is due, neither a process nor a pause holds it, and no other run changes the customer, for `leaseMs`, with a row for each step of its plan; undefined if there is nothing to take. */
  async claim(runId: string, leaseMs: number, plans: PlanRegistry): Promise<ClaimedRun | undefined> {
    try {
      return await this.#claim(runId, leaseMs, plans);
    } catch (error) {
      // Another run of the customer took the slot at this moment.
      if (findSqlState(error) === UNIQUE_VIOLATION) return undefined;
      throw error;
    }
  }

  async #claim(runId: string, leaseMs: number, plans: PlanRegistry): Promise<ClaimedRun | undefined> {
    const shares = Prisma.sql`coalesce(plan || '/' || step = ANY(${plans.sharingStepNames}::text[]), false)`;
    const rows = await this.database.sql.$queryRaw<ClaimedRun[]>`
      WITH due AS (
        SELECT id, state, plan, step, ${shares} AS shares FROM runs
        WHERE id = ${runId}::uuid
          AND ${IS_DUE}
          AND (holds_slot OR ${shares} OR NOT EXISTS (
            SELECT 1 FROM runs other WHERE other.customer_id = runs.customer_id AND other.holds_slot))
          AND plan = ANY(${plans.planNames}::text[])
          AND (step IS NULL OR plan || '/' || step = ANY(${plans.stepNames}::text[]))
          AND NOT ${IS_PAUSED}
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
        step = (SELECT name FROM plan_step WHERE is_next), holds_slot = customer_id IS NOT NULL AND NOT due.shares,
        next_run_at = NULL, ${WOKEN_NOW}, started_at = coalesce(started_at, now()), revision = revision + 1
      FROM due WHERE runs.id = due.id
      RETURNING runs.id, customer_id AS "customerId", runs.plan, input, actor, request_id AS "requestId", traceparent, fence,
        due.state::text AS "formerState", runs.step, attempts, intent, cancel_requested AS "cancelRequested",
        deadline_at AS "deadlineAt", now() AS "claimedAt",
        due.state = 'running' OR coalesce(error->>'code' = ${WORKER_LOST}, false) AS "wasLost",
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

  /** Gives the run back between two attempts, due at once; false when it was no longer held under this fence. */
  async handBack(runId: string, fence: number): Promise<boolean> {
    const handedBack = await this.database.sql.$executeRaw`
      WITH run AS (
        UPDATE runs SET state = 'queued', lease_until = NULL, next_run_at = NULL, ${WOKEN_NOW}, revision = revision + 1
        WHERE id = ${runId}::uuid AND fence = ${fence} AND state = 'running' RETURNING id, step
      )
      UPDATE run_steps SET state = (CASE WHEN attempts = 0 THEN 'pending' ELSE 'waiting' END)::step_state,
        started_at = CASE WHEN attempts > 0 THEN started_at END
      FROM run WHERE run_id = run.id AND name = run.step`;
    return handedBack === 1;
  }

  /** Notes of a run that could not be claimed that its wake-up came: the sweep asks again as soon as after the first one. */
  async noteDelivered(runId: string): Promise<void> {
    await this.database.sql.$executeRaw`UPDATE runs SET sweeps = 0 WHERE id = ${runId}::uuid AND sweeps > 0`;
  }

  /** Takes the customer's slot from a run that stopped, or that a pause holds: an accepted run does not wait for a person. That one takes it again when it goes on. */
  async freeIdleSlot(runId: string): Promise<void> {
    // Whoever held a run that is `running` may yet come back: what it would write is refused from here on.
    await this.database.sql.$executeRaw`
      UPDATE runs SET holds_slot = false, fence = fence + CASE WHEN state = 'running' THEN 1 ELSE 0 END, revision = revision + 1
      WHERE customer_id = (SELECT customer_id FROM runs WHERE id = ${runId}::uuid) AND ${HOLDS_IDLY}`;
  }

  /** Why an open run that nobody holds could not be claimed, as far as that concerns who was woken for it. */
  async findObstacle(runId: string, plans: PlanRegistry): Promise<Obstacle | undefined> {
    const rows = await this.database.sql.$queryRaw<Obstacle[]>`
      WITH idle AS (
        SELECT 1 FROM runs WHERE customer_id = (SELECT customer_id FROM runs WHERE id = ${runId}::uuid) AND ${HOLDS_IDLY}
      )
      SELECT plan, step, (plan = ANY(${plans.planNames}::text[])
          AND (step IS NULL OR plan || '/' || step = ANY(${plans.stepNames}::text[]))) AS "isKnown",
        CASE WHEN state = 'waiting' AND next_run_at > now()
          THEN extract(epoch FROM next_run_at - now())::float8 * 1000 END AS "waitMs",
        ${IS_DUE} AND NOT holds_slot AND NOT ${IS_PAUSED} AND EXISTS (SELECT 1 FROM idle) AS "slotIsIdle"
      FROM runs WHERE id = ${runId}::uuid AND state IN ('queued', 'running', 'waiting')
        AND ${IS_FREE}`;
    return rows[0];
  }
}
