import { Prisma } from '@app/platform';

/** In a statement on `runs`: whether no process holds the run. */
export const IS_FREE = Prisma.sql`(runs.lease_until IS NULL OR runs.lease_until < now())`;

/** In a statement on `runs`: whether the run is open, held by no process, and has nothing to wait for. */
export const IS_DUE = Prisma.sql`(${IS_FREE} AND (runs.state IN ('queued', 'running') OR runs.state = 'waiting' AND runs.next_run_at <= now()))`;
