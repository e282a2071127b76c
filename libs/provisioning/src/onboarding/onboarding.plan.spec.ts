import { expect, it } from '@jest/globals';
import { ONBOARDING_STEPS } from '@app/customers';
import { CheckTenantAccessStep } from './check-tenant-access.step.js';
import { CreateOAuthClientStep } from './create-oauth-client.step.js';
import { OnboardingPlan } from './onboarding.plan.js';
import { SettleCreationStep } from './settle-creation.step.js';
import { TrustConsentStep } from './trust-consent.step.js';
import { VerifyCredentialStep } from './verify-credential.step.js';

const make = <Step>(type: new (...parts: never[]) => Step): Step => new type(...([] as never[]));

it('an onboarding has the steps, one after the other, that a change of its customer goes by', () => {
  const plan = new OnboardingPlan(
    make(CheckTenantAccessStep),
    make(CreateOAuthClientStep),
    make(TrustConsentStep),
    make(VerifyCredentialStep),
    make(SettleCreationStep),
    undefined as never,
  );
  const names = plan.steps.map(({ name }) => name);
  expect(names.slice(names.indexOf(ONBOARDING_STEPS.setsClient)).slice(0, 2)).toEqual([
    ONBOARDING_STEPS.setsClient,
    ONBOARDING_STEPS.usesClient,
  ]);
});
