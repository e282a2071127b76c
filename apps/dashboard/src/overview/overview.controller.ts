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
  /** Since when the run that waits longest for a worker has been queued. */
  queuedSince: string | null;
}

/** The first thing an operator sees. */
@Controller('api/overview')
export class OverviewController {
  constructor(
    private readonly reader: OverviewReader,
    private readonly rows: RunRowsReader,
  ) {}

  @Get()
  async get(): Promise<Overview> {
    const [counts, stopped, queuedSince] = await Promise.all([
      this.reader.count(),
      this.rows.listStopped(SHOWN_STOPPED),
      this.reader.findQueuedSince(),
    ]);
    return {
      ...counts,
      stopped: stopped.map(showRunRow),
      queuedSince: queuedSince?.toISOString() ?? null,
    };
  }
}
