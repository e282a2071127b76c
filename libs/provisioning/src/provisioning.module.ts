import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { AuditModule } from '@app/audit';
import { CustomerStatesModule, ExistingClientsModule } from '@app/customers';
import { PlanRegistry } from '@app/runs';
import { DueCustomers } from './due-customers.js';
import { OAuthClientsRepository } from './oauth-clients.repository.js';
import { DeleteClientsStep } from './offboarding/delete-clients.step.js';
import { ForgetCustomerStep } from './offboarding/forget-customer.step.js';
import { OffboardingPlan } from './offboarding/offboarding.plan.js';
import { OpenCreationsReader } from './offboarding/open-creations.reader.js';
import { CheckTenantAccessStep } from './onboarding/check-tenant-access.step.js';
import { ClientAdoption } from './onboarding/client-adoption.js';
import { ClientCreation } from './onboarding/client-creation.js';
import { ClientKeeping } from './onboarding/client-keeping.js';
import { ClientRemoval } from './onboarding/client-removal.js';
import { CreateOAuthClientStep } from './onboarding/create-oauth-client.step.js';
import { ClientFitting } from './onboarding/existing-client/client-fitting.js';
import { ClientRelease } from './onboarding/existing-client/client-release.js';
import { ClientEnrolment } from './onboarding/existing-client/client-enrolment.js';
import { SettleCreationStep } from './onboarding/settle-creation.step.js';
import { TrustConsentStep } from './onboarding/trust-consent.step.js';
import { VerifyCredentialStep } from './onboarding/verify-credential.step.js';
import { OnboardingPlan } from './onboarding/onboarding.plan.js';
import { ParentClientWatch } from './parent-client-watch.js';
import { CustomerTargets } from './customer-targets.js';
import { Plans } from './plans.js';
import { GetParentTokenStep } from './preflight/get-parent-token.step.js';
import { ListOneClientStep } from './preflight/list-one-client.step.js';
import { PreflightPlan } from './preflight/preflight.plan.js';
import { ClientComparisons } from './reconciliation/client-comparisons.js';
import { ClientRepair } from './reconciliation/client-repair.js';
import { CompareClientStep } from './reconciliation/compare-client.step.js';
import { CustomerCondition } from './reconciliation/customer-condition.js';
import { RaiseDriftStep } from './reconciliation/raise-drift.step.js';
import { ReconciliationCalendar } from './reconciliation/reconciliation-calendar.js';
import { ReconciliationPolicy } from './reconciliation/reconciliation-policy.js';
import { ReconciliationSweep } from './reconciliation/reconciliation-sweep.js';
import { ReconciliationPlan } from './reconciliation/reconciliation.plan.js';
import { RecordedClientReader } from './reconciliation/recorded-client.reader.js';
import { RepairClientStep } from './reconciliation/repair-client.step.js';
import { AwaitCutOverStep } from './rotation/await-cut-over.step.js';
import { MintSecretStep } from './rotation/mint-secret.step.js';
import { MintUndoing } from './rotation/mint-undoing.js';
import { PromoteSecretStep } from './rotation/promote-secret.step.js';
import { ProveRevokedStep } from './rotation/prove-revoked.step.js';
import { RetireSecretsStep } from './rotation/retire-secrets.step.js';
import { RotationPlan } from './rotation/rotation.plan.js';
import { RotationSweep } from './rotation/rotation-sweep.js';
import { SecretAgesReader } from './rotation/secret-ages.reader.js';
import { SecretProof } from './rotation/secret-proof.js';
import { SecretVersionsRepository } from './rotation/secret-versions.repository.js';
import { VerifySecretStep } from './rotation/verify-secret.step.js';
import { StoredSecrets } from './secrets/stored-secrets.js';
import { ProvisioningSettings } from './provisioning-settings.js';

/** The plans and everything their steps need. */
@Module({})
export class ProvisioningModule {
  /** `imports` must give the vault, the Qlik client, `RunsModule` and `RotationModule`. */
  static forRoot(options: {
    settings: ProvisioningSettings;
    reconciliation: ReconciliationPolicy;
    imports: ModuleMetadata['imports'];
  }): DynamicModule {
    return {
      module: ProvisioningModule,
      imports: [AuditModule, CustomerStatesModule, ExistingClientsModule, ...(options.imports ?? [])],
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
        ClientFitting,
        ClientEnrolment,
        ClientRelease,
        OAuthClientsRepository,
        CustomerTargets,
        OnboardingPlan,
        RotationPlan,
        MintSecretStep,
        MintUndoing,
        VerifySecretStep,
        PromoteSecretStep,
        AwaitCutOverStep,
        RetireSecretsStep,
        ProveRevokedStep,
        SecretVersionsRepository,
        StoredSecrets,
        SecretProof,
        RotationSweep,
        SecretAgesReader,
        ReconciliationPlan,
        CompareClientStep,
        RepairClientStep,
        RaiseDriftStep,
        ClientComparisons,
        ClientRepair,
        CustomerCondition,
        RecordedClientReader,
        ReconciliationCalendar,
        ReconciliationSweep,
        DueCustomers,
        ParentClientWatch,
        OffboardingPlan,
        DeleteClientsStep,
        ForgetCustomerStep,
        OpenCreationsReader,
        { provide: ReconciliationPolicy, useValue: options.reconciliation },
        PreflightPlan,
        GetParentTokenStep,
        ListOneClientStep,
        Plans,
        { provide: PlanRegistry, useFactory: (plans: Plans) => plans.toRegistry(), inject: [Plans] },
      ],
      exports: [PlanRegistry, SecretAgesReader, RotationSweep, ReconciliationSweep, ParentClientWatch],
    };
  }
}
