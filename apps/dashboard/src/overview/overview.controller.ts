import { PausesService } from '@app/runs';
import { Controller, Get } from '@nestjs/common';
import { RunRowsReader } from '../runs/run-rows.reader.js';
import { showRunRow, type ShownRunRow } from '../runs/run.schema.js';
import { type Counts, OverviewReader } from './overview.reader.js';

/** Stopped runs that the first page shows; the rest is behind its links. */
const SHOWN_STOPPED = 10;

/** What is going on. */
export interface Overview extends Counts {
  /** Runs that wait for a person: those that need attention before those that failed, newest first. */
  stopped: ShownRunRow[];
  /** Since when the run that waits longest for a worker, and for nothing else, has been queued. */
  queuedSince: string | null;
  /** Pauses in force. */
  pauses: number;
  /** Of the secrets in use, the one that has been so for the longest. */
  oldestSecret: { customer: { id: string; name: string }; since: string } | null;
  /** Rotations due for more than an hour, and since when the first of them. */
  overdueRotations: { count: number; since: string | null };
}

/** The first thing an operator sees. */
@Controller('api/overview')
export class OverviewController {
  constructor(
    private readonly reader: OverviewReader,
    private readonly rows: RunRowsReader,
    private readonly pausesService: PausesService,
  ) {}

  @Get()
  async get(): Promise<Overview> {
    const [counts, stopped, queuedSince, pauses, oldestSecret, overdue] = await Promise.all([
      this.reader.count(),
      this.rows.listStopped(SHOWN_STOPPED),
      this.reader.findQueuedSince(),
      this.reader.countPauses(),
      this.reader.findOldestSecret(),
      this.reader.countOverdueRotations(),
    ]);
    return {
      ...counts,
      stopped: (await this.pausesService.addPauses(stopped)).map(showRunRow),
      queuedSince: queuedSince?.toISOString() ?? null,
      pauses,
      oldestSecret: oldestSecret === undefined ? null : { ...oldestSecret, since: oldestSecret.since.toISOString() },
      overdueRotations: { count: overdue.count, since: overdue.since?.toISOString() ?? null },
    };
  }
}
