import { Injectable } from '@nestjs/common';
import type { Run, Sql } from '@app/platform';
import { hasStopped, RunSuccession } from '@app/runs';
import { OnboardingInput, ONBOARDING_STEPS } from '../onboarding-input.js';
import { clientFieldsOf, type CustomerField } from './customer-changes.js';

/** What a change means for the onboarding of a customer that is not ready. */
@Injectable()
export class ChangedOnboarding {
  constructor(private readonly succession: RunSuccession) {}

  /** Returns the onboarding. One that stopped uses the new values once somebody retries it, also where it had used the old ones. */
  async follow(
    tx: Sql,
    customerId: string,
    unfinished: readonly Run[],
    fields: readonly CustomerField[],
    reason: string,
  ): Promise<Run> {
    const run =
      unfinished.find(({ plan }) => plan === 'onboarding') ??
      (await this.succession.getNewest(tx, customerId, 'onboarding'));
    if (!hasStopped(run)) return run;
    // Access was proved to the tenant before.
    if (fields.includes('tenantHost')) await this.succession.rewind(tx, run, null);
    const changed = clientFieldsOf(fields);
    // A client was asked for by the old values.
    if (changed.length > 0 && run.intent !== null) await this.#setAnew(tx, run, changed, reason);
    return run;
  }

  async #setAnew(tx: Sql, run: Run, changed: OnboardingInput['changed'], reason: string): Promise<void> {
    const former = OnboardingInput.parse(run.input).changed;
    await this.succession.redirect(tx, run, { changed: [...new Set([...former, ...changed])] }, reason);
    if (run.step === ONBOARDING_STEPS.usesClient) await this.succession.rewind(tx, run, ONBOARDING_STEPS.setsClient);
  }
}
