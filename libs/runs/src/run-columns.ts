import { Prisma } from '@app/platform';

/** A run's row under the names of `Run`. */
export const RUN_COLUMNS = Prisma.sql`id, customer_id AS "customerId", plan, input, state::text AS state, step, fence, lease_until AS "leaseUntil",
  holds_slot AS "holdsSlot", attempts, next_run_at AS "nextRunAt", intent, error, cancel_requested AS "cancelRequested",
  request_id AS "requestId", traceparent, reason, actor, revision, deadline_at AS "deadlineAt", woken_at AS "wokenAt", sweeps,
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

/** What a statement on `runs` sets of a run that is woken, or taken, other than by the sweep. */
export const WOKEN_NOW = Prisma.sql`woken_at = now(), sweeps = 0`;

/** What a statement on `runs` sets of a run that goes on though it had stopped, and that has `wallClockMs` at least from here. */
export const queueAgain = (wallClockMs: number): Prisma.Sql => Prisma.sql`
  state = 'queued', fence = fence + 1, attempts = 0, error = NULL, finished_at = NULL, next_run_at = NULL, ${WOKEN_NOW},
  deadline_at = greatest(deadline_at, now() + ${wallClockMs} * interval '1 ms'), revision = revision + 1`;

/** The beginning of a statement by which a run's steps forget what they came to. */
export const RESET_STEPS = Prisma.sql`
  UPDATE run_steps SET state = 'pending', started_at = NULL, finished_at = NULL, waiting_until = NULL, output = NULL, error = NULL`;
