import { AuditModule } from '@app/audit';
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { ParentClientStoring } from './parent-client-storing.js';
import { ParentClientsService } from './parent-clients.service.js';

/** Parent clients for a process that takes them in and cannot open them; needs the process's `DatabaseModule`. */
@Module({})
export class ParentsModule {
  /** `imports` must give the vault. */
  static forRoot(options: { imports: NonNullable<ModuleMetadata['imports']> }): DynamicModule {
    return {
      module: ParentsModule,
      imports: [AuditModule, ...options.imports],
      providers: [ParentClientsService, ParentClientStoring],
      exports: [ParentClientsService, ParentClientStoring],
    };
  }
}
