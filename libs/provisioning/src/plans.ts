import { Injectable } from '@nestjs/common';
import { CustomerStates } from '@app/customers';
import type { CustomerState, Sql } from '@app/platform';
import { type Plan, PlanRegistry, type RunError, type RunEvent, type RunOutcome, type RunView } from '@app/runs';
import { explainFailure } from './explain-failure.js';
import { CheckTenantAccessStep } from './onboarding/check-tenant-access.step.js';
import { CreateOAuthClientStep } from './onboarding/create-oauth-client.step.js';
import { SettleCreationStep } from './onboarding/settle-creation.step.js';
import { TrustConsentStep } from './onboarding/trust-consent.step.js';
import { VerifyCredentialStep } from './onboarding/verify-credential.step.js';

/** What we do at Qlik: every plan, its steps in order. A new step is a new file and one new line here. */
@Injectable()
export class Plans {
  constructor(
    private readonly checkTenantAccess: CheckTenantAccessStep,
    private readonly createOAuthClient: CreateOAuthClientStep,
    private readonly trustConsent: TrustConsentStep,
    private readonly verifyCredential: VerifyCredentialStep,
    private readonly settleCreation: SettleCreationStep,
    private readonly customerStates: CustomerStates,
  ) {}

  toRegistry(): PlanRegistry {
    return new PlanRegistry([this.onboarding]);
  }

  private get onboarding(): Plan {
    return {
      name: 'onboarding',
      steps: [
        this.checkTenantAccess,
        this.createOAuthClient,
        this.trustConsent,
        // The customer is ready from here on.
        this.verifyCredential,
        this.settleCreation,
      ],
      explain: explainFailure,
      onEnd: (tx, run, outcome, error) => this.#endOnboarding(tx, run, outcome, error),
    };
  }

  async #endOnboarding(tx: Sql, run: RunView, outcome: RunOutcome, error: RunError | null): Promise<RunEvent[]> {
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
  const wasReady = state === 'ready' || state === 'degraded';
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
