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
    const [counts, stopped, queuedSince, pauses] = await Promise.all([
      this.reader.count(),
      this.rows.listStopped(SHOWN_STOPPED),
      this.reader.findQueuedSince(),
      this.reader.countPauses(),
    ]);
    return {
      ...counts,
      stopped: (await this.pausesService.addPauses(stopped)).map(showRunRow),
      queuedSince: queuedSince?.toISOString() ?? null,
      pauses,
    };
  }
}
