import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { AuditModule } from '@app/audit';
import { CustomerBatchesService } from './batch/customer-batches.service.js';
import { ChangedOnboarding } from './changes/changed-onboarding.js';
import { ChangedRotation } from './changes/changed-rotation.js';
import { CustomerChangesRepository } from './changes/customer-changes.repository.js';
import { CustomerChangesService } from './changes/customer-changes.service.js';
import { CustomerHold } from './customer-hold.js';
import { CustomerStatesModule } from './customer-states.module.js';
import { CustomersReader } from './customers.reader.js';
import { CustomersRepository } from './customers.repository.js';
import { CustomersService } from './customers.service.js';
import { DryRunsService } from './preflight/dry-runs.service.js';
import { ExistingClientAcceptance } from './existing-client/existing-client-acceptance.js';
import { ExistingClientsModule } from './existing-client/existing-clients.module.js';
import { OffboardingsService } from './offboarding/offboardings.service.js';
import { ReconciliationStart } from './reconciliation/reconciliation-start.js';
import type { RotationDefaults } from './rotation/rotation-policy.config.js';
import { RotationModule } from './rotation/rotation.module.js';
import { RotationsService } from './rotation/rotations.service.js';

/** Customers; needs the process's `DatabaseModule`. */
@Module({})
export class CustomersModule {
  /** `imports` must give `RunsService`, `RunSuccession` and `RunsReader` (runs), and may give `ExistingSecretSealing`. */
  static forRoot(options: { rotation: RotationDefaults; imports: ModuleMetadata['imports'] }): DynamicModule {
    const rotation = RotationModule.forRoot({ defaults: options.rotation, imports: options.imports });
    return {
      module: CustomersModule,
      imports: [AuditModule, CustomerStatesModule, ExistingClientsModule, rotation, ...(options.imports ?? [])],
      providers: [
        CustomersRepository,
        CustomersReader,
        CustomersService,
        CustomerBatchesService,
        DryRunsService,
        ExistingClientAcceptance,
        RotationsService,
        CustomerHold,
        CustomerChangesService,
        CustomerChangesRepository,
        ChangedOnboarding,
        ChangedRotation,
        ReconciliationStart,
        OffboardingsService,
      ],
      exports: [
        CustomersReader,
        CustomersService,
        CustomerBatchesService,
        DryRunsService,
        RotationsService,
        CustomerChangesService,
        OffboardingsService,
        CustomerStatesModule,
      ],
    };
  }
}
