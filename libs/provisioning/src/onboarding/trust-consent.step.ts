import { Injectable } from '@nestjs/common';
import { type ClientField, OnboardingInput } from '@app/customers';
import {
  type CallContext,
  ConnectionConfigsApi,
  hintsOf,
  IMPERSONATION_GRANTS,
  type OAuthClient,
  OAuthClientsApi,
  type QlikError,
} from '@app/qlik';
import { type Completed, needsAttention, type RunEvent, type Step, StepFailure, type StepContext } from '@app/runs';
import { z } from 'zod';
import { ORIGINS_NOT_SUPPORTED, setClient, settingsFor } from '../client-settings.js';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { type CustomerTarget, CustomerTargets } from '../customer-targets.js';
import { callsOf } from '../qlik-calls.js';
import { clientChanged } from '../reconciliation/drift-audit.js';
import { CreateOAuthClientStep } from './create-oauth-client.step.js';

const Output = z.object({ consentMethod: z.literal('trusted') });

/** Sets the client's consent to trusted, and what was changed since the client was asked for, and reads the client back: consent, grants and scopes are what was asked for. */
@Injectable()
export class TrustConsentStep implements Step<z.output<typeof Output>> {
  readonly name = 'trust-consent';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly oauthClients: OAuthClientsApi,
    private readonly connectionConfigs: ConnectionConfigsApi,
    private readonly createOAuthClient: CreateOAuthClientStep,
    private readonly repository: OAuthClientsRepository,
  ) {}

  async run(context: StepContext): Promise<Completed<z.output<typeof Output>>> {
    const calls = callsOf(context);
    const target = await this.targets.get(context.run);
    const { clientId, oauthClientId, secretVersionId } = context.output(this.createOAuthClient);
    const { changed } = OnboardingInput.parse(context.run.input);
    const refusal = await this.#setChanged(target, clientId, changed, calls);
    await this.connectionConfigs.trust(target.tenantHost, clientId, calls);
    const client = await this.oauthClients.get(target.tenantHost, clientId, calls);
    const consentMethod =
      client.connectionConfig?.consentMethod ??
      (await this.connectionConfigs.get(target.tenantHost, clientId, calls)).consentMethod;
    if (consentMethod !== 'trusted') throw notTrusted(clientId);
    refuseDifferences(client, target);
    const hints = hintsOf(client) ?? [];
    return {
      output: { consentMethod },
      commit: async (tx) => {
        const onlyHint = hints.length === 1 ? (hints[0] ?? null) : null;
        await this.repository.markTrusted(tx, oauthClientId, secretVersionId, onlyHint);
        const subject = { oauthClientId, clientId };
        const trusted: RunEvent = { action: 'consent.trusted', subject };
        if (changed.length === 0) return [trusted];
        const isRefused = refusal !== undefined;
        if (changed.includes('allowedOrigins')) await this.repository.noteOrigins(tx, oauthClientId, isRefused);
        const set = changed.filter((field) => !(isRefused && field === 'allowedOrigins'));
        return [...clientChanged(subject, set, isRefused ? [ORIGINS_NOT_SUPPORTED] : []), trusted];
      },
    };
  }

  /** Returns what Qlik said if it refused the origins. */
  async #setChanged(
    target: CustomerTarget,
    clientId: string,
    changed: readonly ClientField[],
    calls: CallContext,
  ): Promise<QlikError | undefined> {
    if (changed.length === 0) return undefined;
    return setClient(this.oauthClients, target.tenantHost, clientId, settingsFor(target, changed), calls);
  }
}

function refuseDifferences(client: OAuthClient, { scopes }: CustomerTarget): void {
  const missing = [
    ...IMPERSONATION_GRANTS.filter((grant) => !client.allowedGrantTypes.includes(grant)).map(
      (grant) => `grant type "${grant}"`,
    ),
    ...scopes.filter((scope) => !client.allowedScopes.includes(scope)).map((scope) => `scope "${scope}"`),
  ];
  if (missing.length === 0) return;
  throw needsAttention({
    code: 'CLIENT_DIFFERS',
    message: `The OAuth client "${client.clientId}" lacks what was asked for: ${missing.join(', ')}.`,
    hint: 'Look at the client in the tenant’s console and allow what is missing, then retry the run.',
  });
}

/** A config that was just written may show a moment later, so this is tried again first. */
function notTrusted(clientId: string): StepFailure {
  return new StepFailure({
    kind: 'retry',
    exhausted: 'needs_attention',
    error: {
      code: 'CONSENT_NOT_TRUSTED',
      message: `The consent method of the OAuth client "${clientId}" is still not "trusted" after it was set.`,
      hint: 'Look at the client in the tenant’s console: somebody or a policy may set it back. Then retry the run.',
    },
  });
}
