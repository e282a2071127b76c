import { Injectable } from '@nestjs/common';
import { PlanRegistry } from '@app/runs';
import { OffboardingPlan } from './offboarding/offboarding.plan.js';
import { OnboardingPlan } from './onboarding/onboarding.plan.js';
import { PreflightPlan } from './preflight/preflight.plan.js';
import { ReconciliationPlan } from './reconciliation/reconciliation.plan.js';
import { RotationPlan } from './rotation/rotation.plan.js';

/** What we do at Qlik: every plan; its own file lists its steps in order. */
@Injectable()
export class Plans {
  constructor(
    private readonly onboarding: OnboardingPlan,
    private readonly rotation: RotationPlan,
    private readonly reconciliation: ReconciliationPlan,
    private readonly offboarding: OffboardingPlan,
    private readonly preflight: PreflightPlan,
  ) {}

  toRegistry(): PlanRegistry {
    return new PlanRegistry([this.onboarding, this.rotation, this.reconciliation, this.offboarding, this.preflight]);
  }
}
