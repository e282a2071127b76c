import { Injectable } from '@nestjs/common';
import type { Completed, RunEvent, Step, StepContext } from '@app/runs';
import { z } from 'zod';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { CustomerTargets } from '../customer-targets.js';
import { MintSecretStep } from './mint-secret.step.js';
import { SecretProof } from './secret-proof.js';

const Output = z.object({ version: z.number() });
type Output = z.output<typeof Output>;

/** Proves that the new secret, as stored, gets a token, before anybody is given it. */
@Injectable()
export class VerifySecretStep implements Step<Output> {
  readonly name = 'verify';
  readonly output = Output;
  /** A new secret may be refused for up to two minutes: full jitter over these pauses makes about that. */
  readonly retry = { maxAttempts: 16, baseMs: 500, maxMs: 20_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly proof: SecretProof,
    private readonly mint: MintSecretStep,
    private readonly clients: OAuthClientsRepository,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const { customerId, tenantHost: host } = await this.targets.get(context.run);
    const { oauthClientId, clientId, secretVersionId } = context.output(this.mint);
    const stored = await this.clients.getVersion(secretVersionId);
    await this.proof.get(context, { customerId, host, clientId }, { id: secretVersionId, ...stored });
    const { version } = stored;
    const subject = { oauthClientId, secretVersionId };
    const events: RunEvent[] = [
      { action: 'token.minted', subject, data: { grants: 'client_credentials' } },
      { action: 'secret.verified', subject, data: { version } },
    ];
    return {
      output: { version },
      commit: () => Promise.resolve(events),
    };
  }
}
