import { CustomerState, Database, RunState } from '@app/platform';
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

  /** Since when the run that waits longest for a worker has been queued; undefined when none is. */
  async findQueuedSince(): Promise<Date | undefined> {
    const { _min } = await this.database.client.run.aggregate({ where: { state: 'queued' }, _min: { wokenAt: true } });
    return _min.wokenAt ?? undefined;
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
