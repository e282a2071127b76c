import { CustomerState, Database, RunState } from '@app/platform';
import { IS_PAUSED } from '@app/runs';
import { Injectable } from '@nestjs/common';

/** How many there are in each state. */
export interface Counts {
  runs: Record<RunState, number>;
  customers: Record<CustomerState, number>;
}

/** The secret that took its place longest ago. */
export interface OldestSecret {
  customer: { id: string; name: string };
  /** Since when it has been the current one. */
  since: Date;
}

/** Rotations that the schedule should have begun, and since when the first of them has been due; null if there is none. */
export interface OverdueRotations {
  count: number;
  since: Date | null;
}

/** Reads what is going on, in numbers. */
@Injectable()
export class OverviewReader {
  constructor(private readonly database: Database) {}

  /** Runs and customers by state; a state that none is in counts 0. */
  async count(): Promise<Counts> {
    const [runs, customers] = await Promise.all([
      this.database.client.run.groupBy({ by: 'state', _count: true }),
      this.database.client.customer.groupBy({ by: 'state', _count: true }),
    ]);
    return { runs: tally(RunState, runs), customers: tally(CustomerState, customers) };
  }

  /** Since when the run that waits longest for a worker has been queued; undefined when none is. What a pause holds waits for no worker. */
  async findQueuedSince(): Promise<Date | undefined> {
    const [row] = await this.database.sql.$queryRaw<{ since: Date | null }[]>`
      SELECT min(woken_at) AS since FROM runs WHERE state = 'queued' AND NOT ${IS_PAUSED}`;
    return row?.since ?? undefined;
  }

  /** Of the secrets in use, the one that has been so for the longest. */
  async findOldestSecret(): Promise<OldestSecret | undefined> {
    const [row] = await this.database.sql.$queryRaw<{ id: string; name: string; since: Date }[]>`
      SELECT customers.id, customers.name, secret_versions.promoted_at AS since
      FROM secret_versions JOIN customers ON customers.id = secret_versions.customer_id
      WHERE secret_versions.state = 'current' AND secret_versions.promoted_at IS NOT NULL
        AND customers.state IN ('ready', 'degraded')
      ORDER BY secret_versions.promoted_at LIMIT 1`;
    return row === undefined ? undefined : { customer: { id: row.id, name: row.name }, since: row.since };
  }

  /** Rotations due for more than an hour: a schedule that works begins or postpones them within minutes. */
  async countOverdueRotations(): Promise<OverdueRotations> {
    const [row] = await this.database.sql.$queryRaw<OverdueRotations[]>`
      SELECT count(*)::int AS count, min(next_rotation_at) AS since FROM customers
      WHERE next_rotation_at < now() - interval '1 hour' AND state IN ('ready', 'degraded')`;
    return row!;
  }

  /** Pauses in force. */
  countPauses(): Promise<number> {
    return this.database.client.pause.count();
  }
}

function tally<State extends string>(
  states: Record<State, State>,
  rows: { state: State; _count: number }[],
): Record<State, number> {
  const counts = Object.fromEntries(Object.values<State>(states).map((state) => [state, 0])) as Record<State, number>;
  for (const { state, _count } of rows) counts[state] = _count;
  return counts;
}
