import { Injectable } from '@nestjs/common';
import { ClientSecretsApi, OAuthClientsApi } from '@app/qlik';
import { type Completed, type RunError, type Step, StepFailure, type StepContext } from '@app/runs';
import { z } from 'zod';
import { readSecrets } from '../secrets/secrets-at-qlik.js';
import { CustomerTargets } from '../customer-targets.js';
import { callsOf } from '../qlik-calls.js';
import { isAlone } from './our-secrets.js';
import { SecretProof } from './secret-proof.js';
import { type LiveVersion, SecretVersionsRepository } from './secret-versions.repository.js';

const Output = z.object({ revokedVersions: z.array(z.number()) });
type Output = z.output<typeof Output>;

/** Proves that what was deleted at Qlik no longer gets a token there, and forgets it here. */
@Injectable()
export class ProveRevokedStep implements Step<Output> {
  readonly name = 'prove-revoked';
  readonly output = Output;
  /** A deletion may take some minutes to bite: full jitter over these pauses makes about ten. */
  readonly retry = { maxAttempts: 24, baseMs: 500, maxMs: 60_000 };
  readonly sharesCustomer = true;

  constructor(
    private readonly targets: CustomerTargets,
    private readonly proof: SecretProof,
    private readonly oauthClients: OAuthClientsApi,
    private readonly clientSecrets: ClientSecretsApi,
    private readonly versions: SecretVersionsRepository,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const { customerId, tenantHost } = await this.targets.get(context.run);
    const { oauthClientId, clientId } = await this.versions.getClient(customerId);
    const live = await this.versions.listLive(oauthClientId);
    const retired = live.filter(({ state, retiredAt }) => state === 'previous' && retiredAt !== null);
    for (const version of retired) {
      if (!(await this.proof.works(context, { customerId, host: tenantHost, clientId }, version))) continue;
      await this.#deleteAgain(context, tenantHost, clientId, version, live);
      throw stillAlive(clientId, version);
    }
    return {
      output: { revokedVersions: retired.map(({ version }) => version) },
      commit: async (tx) => {
        await this.versions.markRevoked(tx, retired);
        return retired.map(({ id, version }) => ({
          action: 'secret.revoked',
          subject: { oauthClientId, secretVersionId: id },
          data: { version },
        }));
      },
    };
  }

  /** The deletion may have been lost; what else bears the hint by now is left alone. */
  async #deleteAgain(
    context: StepContext,
    host: string,
    clientId: string,
    version: LiveVersion,
    live: readonly LiveVersion[],
  ): Promise<void> {
    const secrets = await readSecrets(this.oauthClients, host, clientId, callsOf(context));
    const isShown = secrets.some(({ hint }) => hint === version.hint);
    if (version.hint === null || !isShown || !isAlone(version, live, secrets)) return;
    await this.clientSecrets.delete(host, clientId, version.hint, callsOf(context));
  }
}

function stillAlive(clientId: string, { version }: LiveVersion): StepFailure {
  const error: RunError = {
    code: 'SECRET_STILL_ALIVE',
    message: `Version ${version} of the secret of the OAuth client "${clientId}" was deleted at Qlik and still gets a token.`,
    hint: 'Look in the tenant’s console whether the client still has more than one secret, and ask Qlik; then retry the run.',
  };
  return new StepFailure({ kind: 'retry', exhausted: 'needs_attention', error });
}
