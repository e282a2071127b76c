import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { CustomerStatesModule } from '@app/customers';
import { PlanRegistry } from '@app/runs';
import { OAuthClientsRepository } from './oauth-clients.repository.js';
import { CheckTenantAccessStep } from './onboarding/check-tenant-access.step.js';
import { ClientAdoption } from './onboarding/client-adoption.js';
import { ClientCreation } from './onboarding/client-creation.js';
import { ClientKeeping } from './onboarding/client-keeping.js';
import { ClientRemoval } from './onboarding/client-removal.js';
import { CreateOAuthClientStep } from './onboarding/create-oauth-client.step.js';
import { SettleCreationStep } from './onboarding/settle-creation.step.js';
import { TrustConsentStep } from './onboarding/trust-consent.step.js';
import { VerifyCredentialStep } from './onboarding/verify-credential.step.js';
import { OnboardingTargets } from './onboarding-targets.js';
import { Plans } from './plans.js';
import { ProvisioningSettings } from './provisioning-settings.js';

/** The plans and everything their steps need. */
@Module({})
export class ProvisioningModule {
  /** `imports` must give the vault and the Qlik client. */
  static forRoot(options: { settings: ProvisioningSettings; imports: ModuleMetadata['imports'] }): DynamicModule {
    return {
      module: ProvisioningModule,
      imports: [CustomerStatesModule, ...(options.imports ?? [])],
      providers: [
        { provide: ProvisioningSettings, useValue: options.settings },
        CheckTenantAccessStep,
        CreateOAuthClientStep,
        TrustConsentStep,
        VerifyCredentialStep,
        SettleCreationStep,
        ClientAdoption,
        ClientCreation,
        ClientKeeping,
        ClientRemoval,
        OAuthClientsRepository,
        OnboardingTargets,
        Plans,
        { provide: PlanRegistry, useFactory: (plans: Plans) => plans.toRegistry(), inject: [Plans] },
      ],
      exports: [PlanRegistry],
    };
  }
}
