import { AuditExport, type AuditExportQuery } from '@app/audit';
import { RUN_LOGGER } from '@app/runs';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { OpenStreams } from '../streams/open-streams.js';

/** Exports under way in this process: each keeps the database busy. */
const LIMITS = { perProcess: 5, perCaller: 2 };

/** Exports of the audit trail that are sent while they are read. */
@Injectable()
export class AuditExports implements OnModuleDestroy {
  /** The places of the exports of this process. */
  readonly streams = new OpenStreams(LIMITS);

  constructor(
    private readonly source: AuditExport,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  /** The lines of the export; pulled, so that no more than a page is in memory however slowly they are read. Throws when a page cannot be read, and when the process stops. */
  async *read(query: AuditExportQuery, signal: AbortSignal): AsyncGenerator<string> {
    let events = 0;
    try {
      for await (const part of this.source.read(query)) {
        yield part.lines;
        events += part.events;
        if (this.streams.isClosed) throw new Error('The process stops.');
        if (signal.aborted) return;
      }
    } catch (error) {
      this.logger.warn({ err: error, events }, 'An export of the audit trail was broken off');
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.streams.close();
  }
}
