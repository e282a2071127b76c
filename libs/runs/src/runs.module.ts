import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { AuditModule } from '@app/audit';
import type { Logger } from 'pino';
import { PausesService } from './pauses.service.js';
import { RunSweep } from './run-sweep.js';
import { RunSuccession } from './run-succession.js';
import { RunVersionsReader } from './run-versions.reader.js';
import { RUN_LOGGER, RunWaker } from './run-waker.js';
import { RunsReader } from './runs.reader.js';
import { RunsService } from './runs.service.js';

/** Runs as the processes need them that make, read and change runs but do not work on them. */
@Module({})
export class RunsModule {
  /** `imports` must give `WakeUps` (queue). */
  static forRoot(options: { logger: Logger; imports: ModuleMetadata['imports'] }): DynamicModule {
    return {
      module: RunsModule,
      imports: [AuditModule, ...(options.imports ?? [])],
      providers: [
        RunWaker,
        RunSweep,
        RunsService,
        RunSuccession,
        RunsReader,
        RunVersionsReader,
        PausesService,
        { provide: RUN_LOGGER, useValue: options.logger },
      ],
      exports: [
        RunWaker,
        RunSweep,
        RunsService,
        RunSuccession,
        RunsReader,
        RunVersionsReader,
        PausesService,
        RUN_LOGGER,
      ],
    };
  }
}
