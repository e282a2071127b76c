import { Injectable } from '@nestjs/common';
import { CustomerStates, ExistingClientsRepository, RotationCalendar } from '@app/customers';
import { TokensApi } from '@app/qlik';
import type { Completed, RunEvent, Step, StepContext } from '@app/runs';
import { z } from 'zod';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { CustomerTargets } from '../customer-targets.js';
import { callsOf } from '../qlik-calls.js';
import { ReconciliationCalendar } from '../reconciliation/reconciliation-calendar.js';
import { StoredSecrets } from '../secrets/stored-secrets.js';
import { CreateOAuthClientStep } from './create-oauth-client.step.js';

const Output = z.object({ grants: z.array(z.enum(['client_credentials', 'user-impersonation'])) });

/** Proves that the secret as stored gets tokens; from then on the customer is ready. */
@Injectable()
export class VerifyCredentialStep implements Step<z.output<typeof Output>> {
  readonly name = 'verify-credential';
  readonly output = Output;
  /** A new secret may be refused for up to two minutes: full jitter over these pauses makes about that. */
  readonly retry = { maxAttempts: 16, baseMs: 500, maxMs: 20_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly tokens: TokensApi,
    private readonly secrets: StoredSecrets,
    private readonly createOAuthClient: CreateOAuthClientStep,
    private readonly repository: OAuthClientsRepository,
    private readonly customerStates: CustomerStates,
    private readonly rotations: RotationCalendar,
    private readonly reconciliations: ReconciliationCalendar,
    private readonly existingClients: ExistingClientsRepository,
  ) {}

  async run(context: StepContext): Promise<Completed<z.output<typeof Output>>> {
    const { customerId, tenantHost, scopes, verificationUser, rotation, existingClient } = await this.targets.get(
      context.run,
    );
    const { clientId, oauthClientId, secretVersionId } = context.output(this.createOAuthClient);
    const stored = await this.repository.getVersion(secretVersionId);
    const { version } = stored;
    const clientSecret = await this.secrets.open(customerId, { id: secretVersionId, ...stored });
    const credentials = { host: tenantHost, clientId, clientSecret };
    await this.tokens.clientCredentials(credentials, callsOf(context));
    if (verificationUser !== null) {
      const scope = scopes.join(' ');
      await this.tokens.impersonation({ ...credentials, scope, user: verificationUser }, callsOf(context));
    }
    const grants =
      verificationUser === null
        ? ['client_credentials' as const]
        : ['client_credentials' as const, 'user-impersonation' as const];
    const subject = { oauthClientId, secretVersionId };
    return {
      output: { grants },
      commit: async (tx): Promise<RunEvent[]> => {
        await this.repository.promote(tx, secretVersionId);
        if (existingClient !== null) await this.existingClients.forgetSecret(tx, customerId);
        const now = context.now();
        await this.customerStates.change(tx, customerId, 'ready', {
          nextRotationAt: this.rotations.dateAfter(now, rotation),
          nextReconciliationAt: this.reconciliations.dateAfter(now),
        });
        return [
          { action: 'token.minted', subject, data: { grants: grants.join(',') } },
          { action: 'secret.promoted', subject, data: { version } },
          { action: 'customer.ready' },
        ];
      },
    };
  }
}
