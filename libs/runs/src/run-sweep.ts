import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { IS_DUE } from './is-due.js';
import { IS_PAUSED } from './is-paused.js';
import { RunWaker, type Wakeable } from './run-waker.js';

/** Runs woken by one statement. */
const BATCH = 100;

/** A run that stays due although it was woken is woken after one grace, two, three and so on, and at last after so many. */
const MOST_GRACES = 12;

/** Finds runs that are due but have no wake-up: lost by the queue, never sent, or left behind by a process that vanished. What a pause holds is left to sleep. */
@Injectable()
export class RunSweep {
  constructor(
    private readonly database: Database,
    private readonly waker: RunWaker,
  ) {}

  /** Wakes due runs that were last woken more than `graceMs` ago, or a multiple of it, and returns how many. Any number of processes may sweep at once. Leaves the rest to the next sweep when the queue takes no more. */
  async sweep(graceMs: number): Promise<number> {
    for (let total = 0; ;) {
      const runs = await this.#takeBatch(graceMs);
      if (!(await this.waker.wakeAll(runs))) return total;
      total += runs.length;
      if (runs.length < BATCH) return total;
    }
  }

  async #takeBatch(graceMs: number): Promise<Wakeable[]> {
    const runs = await this.database.sql.$queryRaw<(Wakeable & { sweeps: number })[]>`
      UPDATE runs SET woken_at = now(), sweeps = sweeps + 1 WHERE id IN (
        SELECT id FROM runs
        WHERE ${IS_DUE}
          AND (state <> 'waiting' OR next_run_at < now() - ${graceMs} * interval '1 ms')
          AND NOT ${IS_PAUSED}
          AND woken_at < now() - ${graceMs} * least(sweeps + 1, ${MOST_GRACES}) * interval '1 ms'
        ORDER BY woken_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
      RETURNING id, fence, request_id AS "requestId", traceparent, sweeps`;
    return runs.map(({ sweeps, ...run }) => ({ ...run, ...(sweeps < 2 ? {} : { again: wakeUpsBeside(sweeps) }) }));
  }
}

/**
 * A wake-up that is still in the queue is the same job when it is sent again. But it may be in the hands of a worker that died before it
 * claimed the run, so another is sent beside it: the second time that a sweep wakes the run, the eighth, the 32nd. Where it merely waits
 * its turn behind thousands, one more each time would keep the queue from ever getting through.
 */
const wakeUpsBeside = (sweeps: number): number => Math.floor((Math.log2(sweeps) + 1) / 2);
