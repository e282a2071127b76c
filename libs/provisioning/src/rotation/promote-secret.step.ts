import { Injectable } from '@nestjs/common';
import { RotationCalendar, RotationStart } from '@app/customers';
import type { Completed, RunEvent, Step, StepContext } from '@app/runs';
import { z } from 'zod';
import { CustomerTargets } from '../customer-targets.js';
import { MintSecretStep } from './mint-secret.step.js';
import { SecretVersionsRepository } from './secret-versions.repository.js';

const Output = z.object({ version: z.number(), previousVersion: z.number().nullable() });
type Output = z.output<typeof Output>;

/** Makes the new secret the current one: whoever reads the credentials from here on gets it. The old one stays valid. */
@Injectable()
export class PromoteSecretStep implements Step<Output> {
  readonly name = 'promote';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly mint: MintSecretStep,
    private readonly versions: SecretVersionsRepository,
    private readonly calendar: RotationCalendar,
    private readonly rotations: RotationStart,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const { oauthClientId, secretVersionId, version, restores } = context.output(this.mint);
    const live = await this.versions.listLive(oauthClientId);
    const replaced = live.find(({ state }) => state === 'current');
    // The secret of these is in the new version too, or was never given out.
    const forgotten = live.filter(
      (old) => old.version === restores || (old.state === 'pending' && old.id !== secretVersionId),
    );
    const rotation = await this.targets.getRotation(context.run.customerId);
    return {
      output: { version, previousVersion: replaced?.version ?? null },
      // The grace begins here, however long a pause has held the run before.
      wallClockMs: this.rotations.timeOf(rotation),
      commit: async (tx) => {
        await this.versions.promote(tx, oauthClientId, secretVersionId);
        await this.versions.markRevoked(tx, forgotten);
        await this.calendar.schedule(tx, context.run.customerId, context.now());
        const subject = { oauthClientId, secretVersionId };
        const events: RunEvent[] = [{ action: 'secret.promoted', subject, data: { version } }];
        if (restores !== null) events.push({ action: 'secret.rolled_back', subject, data: { version, restores } });
        return events;
      },
    };
  }
}
