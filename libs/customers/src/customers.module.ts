import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { AuditModule } from '@app/audit';
import { CustomerStatesModule } from './customer-states.module.js';
import { CustomersReader } from './customers.reader.js';
import { CustomersRepository } from './customers.repository.js';
import { CustomersService } from './customers.service.js';

/** Customers; needs the process's `DatabaseModule`. */
@Module({})
export class CustomersModule {
  /** `imports` must give `RunsService` and `RunsReader` (runs). */
  static forRoot(options: { imports: ModuleMetadata['imports'] }): DynamicModule {
    return {
      module: CustomersModule,
      imports: [AuditModule, CustomerStatesModule, ...(options.imports ?? [])],
      providers: [CustomersRepository, CustomersReader, CustomersService],
      exports: [CustomersReader, CustomersService, CustomerStatesModule],
    };
  }
}
