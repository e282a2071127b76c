import { Injectable } from '@nestjs/common';
import { RotationCalendar } from '@app/customers';
import type { Sql } from '@app/platform';
import type { Failure, Plan, RunError, RunEvent, RunOutcome, RunView, Step } from '@app/runs';
import { explainFailure } from '../explain-failure.js';
import { ACKNOWLEDGEMENT_OVERDUE, AwaitCutOverStep } from './await-cut-over.step.js';
import { MintSecretStep } from './mint-secret.step.js';
import { PromoteSecretStep } from './promote-secret.step.js';
import { ProveRevokedStep } from './prove-revoked.step.js';
import { RetireSecretsStep } from './retire-secrets.step.js';
import { VerifySecretStep } from './verify-secret.step.js';

/** How long a rotation that stopped is left to people before the schedule goes on with it, in ms. */
const STOPPED_MS = 86_400_000;

/** From one working secret to the next, with the old one gone in the end. Its steps bear the names of ROTATION_STEPS (customers). */
@Injectable()
export class RotationPlan implements Plan {
  readonly name = 'rotation';
  readonly steps: readonly Step[];

  constructor(
    mint: MintSecretStep,
    verify: VerifySecretStep,
    promote: PromoteSecretStep,
    grace: AwaitCutOverStep,
    retire: RetireSecretsStep,
    proveRevoked: ProveRevokedStep,
    private readonly calendar: RotationCalendar,
  ) {
    this.steps = [
      mint,
      verify,
      // Readers of the credentials get the new secret from here on.
      promote,
      grace,
      retire,
      proveRevoked,
    ];
  }

  /** A client that is gone cannot be made anew by a rotation. */
  explain(error: unknown): Failure | undefined {
    const failure = explainFailure(error);
    if (failure?.error?.code !== 'CLIENT_NOT_FOUND') return failure;
    const hint = 'Find out at Qlik who deleted the client: nobody can use the customer’s credentials any more.';
    return { ...failure, error: { ...failure.error, hint } };
  }

  /** The schedule goes on, after a day, with one that stopped before its secret was current, or failed to get rid of the old one. */
  async onEnd(tx: Sql, run: RunView, outcome: RunOutcome, error: RunError | null): Promise<RunEvent[]> {
    const [customer] = await tx.$queryRaw<{ nextRotationAt: Date | null; now: Date }[]>`
      SELECT next_rotation_at AS "nextRotationAt", now() AS now FROM customers WHERE id = ${run.customerId}::uuid`;
    const isDated = customer?.nextRotationAt != null;
    if (customer !== undefined && outcome === 'succeeded' && !isDated)
      await this.calendar.schedule(tx, run.customerId, customer.now);
    if (outcome === 'failed' || (outcome !== 'succeeded' && !isDated)) await this.#comeBack(tx, run.customerId);
    return error?.code === ACKNOWLEDGEMENT_OVERDUE
      ? [{ action: 'acknowledgement.overdue', data: { forced: false } }]
      : [];
  }

  async #comeBack(tx: Sql, customerId: string): Promise<void> {
    await tx.$executeRaw`
      UPDATE customers SET next_rotation_at = least(next_rotation_at, now() + ${STOPPED_MS} * interval '1 ms')
      WHERE id = ${customerId}::uuid`;
  }
}
