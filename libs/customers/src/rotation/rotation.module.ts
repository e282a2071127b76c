import { AuditModule } from '@app/audit';
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { RotationCalendar } from './rotation-calendar.js';
import { RotationDefaults } from './rotation-policy.config.js';
import { RotationStart } from './rotation-start.js';

/** What begins rotations and dates them, for the processes that accept requests and for the one that works on runs. */
@Module({})
export class RotationModule {
  /** `imports` must give `RunsService` and `RunSuccession` (runs). */
  static forRoot(options: { defaults: RotationDefaults; imports: ModuleMetadata['imports'] }): DynamicModule {
    return {
      module: RotationModule,
      imports: [AuditModule, ...(options.imports ?? [])],
      providers: [
        { provide: RotationDefaults, useValue: options.defaults },
        {
          provide: RotationCalendar,
          useFactory: (defaults: RotationDefaults) => new RotationCalendar(defaults),
          inject: [RotationDefaults],
        },
        RotationStart,
      ],
      exports: [RotationDefaults, RotationCalendar, RotationStart],
    };
  }
}
