import { CustomerState, Database, RunState } from '@app/platform';
import { IS_PAUSED } from '@app/runs';
import { Injectable } from '@nestjs/common';

/** How many there are in each state. */
export interface Counts {
  runs: Record<RunState, number>;
  customers: Record<CustomerState, number>;
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
