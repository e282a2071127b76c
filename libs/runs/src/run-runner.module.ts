import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { AuditModule } from '@app/audit';
import { AttemptCommitter } from './attempt-committer.js';
import { AttemptsRepository } from './attempts.repository.js';
import { RunClaimsRepository } from './run-claims.repository.js';
import { RunRunner } from './run-runner.js';
import { RunSettings } from './run-settings.js';

/** What works on runs. */
@Module({})
export class RunRunnerModule {
  /** `imports` must give `PlanRegistry` (provisioning) and RunsModule. */
  static forRoot(options: { settings: RunSettings; imports: ModuleMetadata['imports'] }): DynamicModule {
    return {
      module: RunRunnerModule,
      imports: [AuditModule, ...(options.imports ?? [])],
      providers: [
        RunRunner,
        RunClaimsRepository,
        AttemptsRepository,
        AttemptCommitter,
        { provide: RunSettings, useValue: options.settings },
      ],
      exports: [RunRunner],
    };
  }
}
