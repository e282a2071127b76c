import { Injectable } from '@nestjs/common';
import { CustomerStates, USABLE_STATES } from '@app/customers';
import type { CustomerState, Sql } from '@app/platform';
import type { Plan, RunError, RunEvent, RunOutcome, RunView, Step } from '@app/runs';
import { explainFailure } from '../explain-failure.js';
import { CheckTenantAccessStep } from './check-tenant-access.step.js';
import { CreateOAuthClientStep } from './create-oauth-client.step.js';
import { SettleCreationStep } from './settle-creation.step.js';
import { TrustConsentStep } from './trust-consent.step.js';
import { VerifyCredentialStep } from './verify-credential.step.js';

/** From a tenant we may enter to a customer whose stored secret works. */
@Injectable()
export class OnboardingPlan implements Plan {
  readonly name = 'onboarding';
  readonly steps: readonly Step[];
  readonly explain = explainFailure;

  constructor(
    checkTenantAccess: CheckTenantAccessStep,
    createOAuthClient: CreateOAuthClientStep,
    trustConsent: TrustConsentStep,
    verifyCredential: VerifyCredentialStep,
    settleCreation: SettleCreationStep,
    private readonly customerStates: CustomerStates,
  ) {
    this.steps = [
      checkTenantAccess,
      createOAuthClient,
      trustConsent,
      // The customer is ready from here on.
      verifyCredential,
      settleCreation,
    ];
  }

  async onEnd(tx: Sql, run: RunView, outcome: RunOutcome, error: RunError | null): Promise<RunEvent[]> {
    const { customerId } = run;
    const [customer] = await tx.$queryRaw<{ state: CustomerState }[]>`
      SELECT state::text AS state FROM customers WHERE id = ${customerId}::uuid`;
    const to = customer && customerStateAfter(outcome, customer.state);
    if (to === undefined) return [];
    await this.customerStates.change(tx, customerId, to);
    return [
      {
        action: outcome === 'cancelled' ? 'customer.cancelled' : `customer.${to}`,
        data: { code: error?.code ?? null },
      },
    ];
  }
}

/** What an onboarding's end means for a customer in `state`; undefined where it means nothing. One that was ready keeps its working credential when only the settling failed; a cancelled one has none left. */
function customerStateAfter(outcome: RunOutcome, state: CustomerState): 'ready' | 'degraded' | 'failed' | undefined {
  const wasReady = USABLE_STATES.includes(state);
  switch (outcome) {
    case 'needs_attention':
      return undefined;
    case 'succeeded':
      // Ready since its credential was verified, unless the settling had failed and was retried.
      return state === 'degraded' ? 'ready' : undefined;
    case 'failed':
      return wasReady ? 'degraded' : 'failed';
    case 'cancelled':
      return 'failed';
  }
}
