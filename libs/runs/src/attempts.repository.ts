import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Database, Prisma, type Sql } from '@app/platform';
import type { AttemptEnd } from './attempt-end.js';
import { IS_PAUSED } from './is-paused.js';
import { ENDED_SHORT_STATES, SLOT_HOLDING_STATES } from './run-states.js';
import { LeaseLost } from './step-failure.js';
import type { CommittedIntent, Intent } from './step.js';

/** Attempts kept of each step; older ones make room. */
const KEPT_ATTEMPTS = 50;

/** What identifies a held run: every write asks for both. */
export interface Hold {
  runId: string;
  fence: number;
}

/** The same with what the run was told when its holder last looked. */
export interface HoldOfAttempt extends Hold {
  input: Readonly<Record<string, unknown>>;
}

/** How a run stands once an attempt of it was written. */
export interface Standing {
  /** Told to stop meanwhile. */
  cancelRequested: boolean;
  /** Held by a pause from here on. */
  isPaused: boolean;
  intent: CommittedIntent | null;
  input: Readonly<Record<string, unknown>>;
  deadlineAt: Date;
}

/** Writes what an attempt came to. Every statement is bound to the fence and throws LeaseLost when the run is no longer ours. */
@Injectable()
export class AttemptsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Ends an attempt: the attempt's row, the step's, and the run's; returns how the run stands then. An attempt that would stop the run, and did not know
   * what it has been told meanwhile, ends nothing: it throws LeaseLost.
   */
  async end(tx: Sql, hold: HoldOfAttempt, end: AttemptEnd): Promise<Standing> {
    const ended = end.run.state !== 'running' && end.run.state !== 'waiting' && end.run.state !== 'queued';
    const error = toJson(end.error);
    // A Date would be sent without its offset, and read in the time zone of the session.
    const waitUntil = end.waitUntil?.toISOString() ?? null;
    const intent = end.intent === undefined ? Prisma.sql`intent` : intentValue(end.intent);
    const rows = await tx.$queryRaw<(Standing & { number: number })[]>`
      WITH held AS (
        UPDATE runs SET state = ${end.run.state}::run_state, step = ${end.run.step}, attempts = ${end.run.attempts},
          error = ${error}::jsonb, intent = ${intent}, next_run_at = ${waitUntil}::timestamptz,
          lease_until = CASE WHEN ${end.run.state} = 'running' THEN lease_until END,
          holds_slot = holds_slot AND ${SLOT_HOLDING_STATES.includes(end.run.state) && end.sharesCustomer !== true},
          deadline_at = greatest(deadline_at, now() + ${end.wallClockMs ?? null}::float8 * interval '1 ms'),
          finished_at = CASE WHEN ${ended} THEN now() END, revision = revision + 1
        WHERE id = ${hold.runId}::uuid AND fence = ${hold.fence} AND state = 'running'
        RETURNING id, cancel_requested, intent, input, deadline_at, ${IS_PAUSED} AS is_paused
      ), this_step AS (
        UPDATE run_steps SET state = ${end.step.state}::step_state, attempts = attempts + 1, error = ${error}::jsonb,
          output = coalesce(${toJson(end.step.output ?? null)}::jsonb, output), waiting_until = ${waitUntil}::timestamptz,
          finished_at = CASE WHEN ${end.step.state} IN ('running', 'waiting') THEN NULL ELSE now() END
        FROM held WHERE run_id = held.id AND name = ${end.step.name} RETURNING attempts
      ), other_steps AS (
        UPDATE run_steps SET
          state = CASE WHEN name = ${end.run.step} THEN 'running' ELSE 'skipped' END::step_state,
          started_at = CASE WHEN name = ${end.run.step} THEN now() END,
          finished_at = CASE WHEN name = ${end.run.step} THEN NULL ELSE now() END
        FROM held WHERE run_id = held.id AND name <> ${end.step.name} AND ${end.run.state} IN ('running', 'queued', 'succeeded')
          AND (name = ${end.run.step} AND ${end.run.state} = 'running' OR name = ANY(${[...(end.skipped ?? [])]}::text[]))
      ), attempt AS (
        INSERT INTO step_attempts (run_id, step, number, outcome, calls, error, wait_until, started_at, finished_at)
        SELECT held.id, ${end.step.name}, this_step.attempts, ${end.attempt.outcome}::attempt_outcome,
          ${toJson(end.attempt.calls)}::jsonb, ${error}::jsonb, ${waitUntil}::timestamptz,
          ${end.attempt.startedAt.toISOString()}::timestamptz, now()
        FROM held, this_step
      )
      SELECT cancel_requested AS "cancelRequested", is_paused AS "isPaused", intent, input, deadline_at AS "deadlineAt",
        this_step.attempts AS number FROM held, this_step`;
    const [row] = rows;
    if (row === undefined) throw new LeaseLost('taken', hold.runId);
    if (ENDED_SHORT_STATES.includes(end.run.state) && !isDeepStrictEqual(row.input, hold.input))
      throw new LeaseLost('told-anew', hold.runId);
    if (row.number > KEPT_ATTEMPTS) {
      await tx.$executeRaw`DELETE FROM step_attempts WHERE run_id = ${hold.runId}::uuid AND step = ${end.step.name}
        AND number <= ${row.number - KEPT_ATTEMPTS}`;
    }
    return row;
  }

  /** Whether `end` was committed after all, though its COMMIT went unanswered. Waits on the run's row for a COMMIT that is still under way. */
  async wasEnded(tx: Sql, hold: Hold, end: AttemptEnd): Promise<boolean> {
    await tx.$queryRaw`SELECT 1 FROM runs WHERE id = ${hold.runId}::uuid FOR UPDATE`;
    const rows = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM step_attempts JOIN runs ON runs.id = step_attempts.run_id
      WHERE runs.id = ${hold.runId}::uuid AND runs.fence = ${hold.fence} AND step_attempts.step = ${end.step.name}
        AND step_attempts.outcome = ${end.attempt.outcome}::attempt_outcome
        AND step_attempts.started_at = ${end.attempt.startedAt.toISOString()}::timestamptz`;
    return rows.length > 0;
  }

  /** What a commit whose answer was lost left in the row. */
  async getOutcome({ runId }: Hold): Promise<Standing> {
    const [row] = await this.database.sql.$queryRaw<Standing[]>`
      SELECT cancel_requested AS "cancelRequested", ${IS_PAUSED} AS "isPaused", intent, input, deadline_at AS "deadlineAt"
      FROM runs WHERE id = ${runId}::uuid`;
    if (row === undefined) throw new Error(`The run "${runId}" is gone.`);
    return row;
  }

  /** Commits what the step is about to do, stamped with the database's time. */
  async setIntent(hold: Hold, intent: Intent | null): Promise<CommittedIntent | null> {
    const rows = await this.database.sql.$queryRaw<{ intent: CommittedIntent | null }[]>`
      UPDATE runs SET intent = ${intentValue(intent)}, revision = revision + 1
      WHERE id = ${hold.runId}::uuid AND fence = ${hold.fence} AND state = 'running' RETURNING intent`;
    const [row] = rows;
    if (row === undefined) throw new LeaseLost('taken', hold.runId);
    return row.intent;
  }
}

const toJson = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

const intentValue = (intent: Intent | null): Prisma.Sql =>
  intent === null
    ? Prisma.sql`NULL`
    : Prisma.sql`${JSON.stringify(intent)}::jsonb || jsonb_build_object('at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
