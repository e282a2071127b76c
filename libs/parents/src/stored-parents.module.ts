import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { PARENTS_LOGGER, type ParentsLogger } from './parents-logger.js';
import { StoredParentClients } from './stored-parent-clients.js';

/** Parent clients for the process that goes to Qlik with them; needs the process's `DatabaseModule`. */
@Module({})
export class StoredParentsModule {
  /** `imports` must give the vault. */
  static forRoot(options: { logger: ParentsLogger; imports: NonNullable<ModuleMetadata['imports']> }): DynamicModule {
    return {
      module: StoredParentsModule,
      imports: options.imports,
      providers: [StoredParentClients, { provide: PARENTS_LOGGER, useValue: options.logger }],
      exports: [StoredParentClients],
    };
  }
}
