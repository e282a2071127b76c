import { Injectable } from '@nestjs/common';
import { policyOf, RotationDefaults, RotationInput } from '@app/customers';
import {
  type Completed,
  needsAttention,
  type RunError,
  type RunEvent,
  type Step,
  type StepContext,
  waitUntil,
} from '@app/runs';
import { z } from 'zod';
import { CustomerTargets } from '../customer-targets.js';
import { type CutOver, decideCutOver } from './cut-over-decision.js';
import { MintSecretStep } from './mint-secret.step.js';
import { SecretVersionsRepository } from './secret-versions.repository.js';

const Output = z.object({ forced: z.boolean() });
type Output = z.output<typeof Output>;

/** The code of a rotation whose new secret nobody has shown to use. */
export const ACKNOWLEDGEMENT_OVERDUE = 'ACKNOWLEDGEMENT_OVERDUE';

/** Waits until the consumer has changed over to the new secret, as the customer's policy says. In an emergency nobody is waited for. */
@Injectable()
export class AwaitCutOverStep implements Step<Output> {
  readonly name = 'grace';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };
  readonly sharesCustomer = true;

  constructor(
    private readonly targets: CustomerTargets,
    private readonly defaults: RotationDefaults,
    private readonly mint: MintSecretStep,
    private readonly versions: SecretVersionsRepository,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    if (RotationInput.parse(context.run.input).mode === 'emergency') return { output: { forced: false } };
    const { customerId } = context.run;
    const { secretVersionId, oauthClientId, version } = context.output(this.mint);
    const cutOver = await this.#read(customerId, oauthClientId, secretVersionId);
    // A later version took its place: what is left to retire is retired by whoever comes first.
    if (cutOver === undefined) return { output: { forced: false } };
    const rotation = await this.targets.getRotation(customerId);
    const decision = decideCutOver(policyOf(rotation, this.defaults), cutOver, context.now());
    if (decision.kind === 'wait') throw waitUntil(decision.until);
    if (decision.kind === 'overdue') throw needsAttention(overdue(version));
    return {
      output: { forced: decision.isForced },
      commit: () => Promise.resolve(decision.isForced ? [forcedEvent(oauthClientId, secretVersionId, version)] : []),
    };
  }

  async #read(customerId: string, oauthClientId: string, secretVersionId: string): Promise<CutOver | undefined> {
    const [live, wereEverRead] = await Promise.all([
      this.versions.listLive(oauthClientId),
      this.versions.wereEverRead(customerId),
    ]);
    const current = live.find(({ id }) => id === secretVersionId);
    if (current?.state !== 'current' || current.promotedAt === null) return undefined;
    const { promotedAt, firstReadAt, acknowledgedAt } = current;
    return { promotedAt, firstReadAt, acknowledgedAt, wereEverRead };
  }
}

function forcedEvent(oauthClientId: string, secretVersionId: string, version: number): RunEvent {
  return {
    action: 'acknowledgement.overdue',
    subject: { oauthClientId, secretVersionId },
    data: { version, forced: true },
  };
}

const overdue = (version: number): RunError => ({
  code: ACKNOWLEDGEMENT_OVERDUE,
  message: `Nobody has shown to use version ${version} of the credentials, so that the version before it stays valid.`,
  hint: 'Have the consumer read the credentials, or acknowledge the version for it: the rotation then goes on by itself.',
});
