import { Injectable } from '@nestjs/common';
import { ClientSecretsApi, OAuthClientsApi, QlikError } from '@app/qlik';
import { type Completed, type RunEvent, type StepContext } from '@app/runs';
import type { CustomerTarget, ExistingClientTarget } from '../../customer-targets.js';
import { OAuthClientsRepository } from '../../oauth-clients.repository.js';
import { ProvisioningSettings } from '../../provisioning-settings.js';
import { callsOf } from '../../qlik-calls.js';
import { readSecrets, type SecretAtQlik } from '../../secrets/secrets-at-qlik.js';
import { awaitSettled } from '../../secrets/settled.js';
import { addToRemoving, type KeptIntent, type MintingIntent } from '../creation-intent.js';
import { mayHaveMinted, type ReleasedSecrets, sortOutReleased } from './release-decision.js';
import { parseEnrolmentIntent, type EnrolmentIntent } from './enrolment-intent.js';

/** Takes back the enrolment of a client that the OEM had made: deletes at Qlik the secrets that the run minted, here the versions; the client and its other secrets stay. */
@Injectable()
export class ClientRelease {
  constructor(
    private readonly oauthClients: OAuthClientsApi,
    private readonly clientSecrets: ClientSecretsApi,
    private readonly repository: OAuthClientsRepository,
    private readonly settings: ProvisioningSettings,
  ) {}

  async release(
    context: StepContext,
    target: CustomerTarget,
    { clientId }: ExistingClientTarget,
  ): Promise<Pick<Completed<unknown>, 'intent' | 'commit'>> {
    const intent = parseEnrolmentIntent(context.intent);
    const recorded = await this.repository.findActiveByRun(context.run.id);
    if (intent === null && recorded === undefined) return { intent: null };
    this.#awaitMints(context, intent);
    const version = recorded && (await this.repository.getFirstVersion(recorded.id));
    const stored = toSecret(version);
    const { hints, unrecognised } = await this.#find(context, target.tenantHost, clientId, intent, stored);
    const removed = await this.#remove(context, target.tenantHost, clientId, intent, hints);
    const wasMinted = stored !== null && removed.includes(stored.hint);
    return {
      intent: null,
      commit: async (tx) => {
        if (recorded !== undefined) await this.repository.markDeleted(tx, recorded.id);
        const data = { because: 'cancelled' };
        const events: RunEvent[] = [];
        if (wasMinted) events.push({ action: 'secret.revoked', subject: { secretVersionId: version!.id }, data });
        const lost = removed.length - (wasMinted ? 1 : 0);
        if (lost > 0) events.push({ action: 'secret.revoked', subject: { clientId }, data: { ...data, count: lost } });
        if (unrecognised > 0)
          events.push({ action: 'secret.unrecognised', subject: { clientId }, data: { count: unrecognised } });
        if (recorded !== undefined) events.push({ action: 'oauth_client.released', subject: { clientId }, data });
        return events;
      },
    };
  }

  /** Has the step come back when every mint that may still act is sure to show. */
  #awaitMints(context: StepContext, intent: EnrolmentIntent | null): void {
    if (intent?.phase === 'minting') awaitSettled(context, this.settings, intent.at);
    if (intent?.phase === 'kept' && intent.unsure) awaitSettled(context, this.settings, intent.postedAt);
  }

  async #find(
    context: StepContext,
    host: string,
    clientId: string,
    intent: EnrolmentIntent | null,
    stored: SecretAtQlik | null,
  ): Promise<ReleasedSecrets> {
    if (!mayHaveMinted(intent)) return { hints: [], unrecognised: 0 };
    try {
      const secrets = await readSecrets(this.oauthClients, host, clientId, callsOf(context));
      return sortOutReleased(intent, stored, secrets);
    } catch (error) {
      // With the client its secrets are gone.
      if (error instanceof QlikError && error.code === 'CLIENT_NOT_FOUND') return { hints: [], unrecognised: 0 };
      throw error;
    }
  }

  /** Deletes the secrets and returns the hints of all that the run has deleted. */
  async #remove(
    context: StepContext,
    host: string,
    clientId: string,
    intent: EnrolmentIntent | null,
    hints: string[],
  ): Promise<string[]> {
    if (intent === null || intent.phase === 'fitting') return [];
    const removing = addToRemoving(intent.removing, { hints });
    if (hints.length > 0) await context.commitIntent({ ...(intent satisfies MintingIntent | KeptIntent), removing });
    for (const hint of hints) await this.clientSecrets.delete(host, clientId, hint, callsOf(context));
    return removing.hints;
  }
}

const toSecret = (version: { hint: string | null; createdBy: string | null } | undefined): SecretAtQlik | null =>
  version === undefined || version.hint === null
    ? null
    : { hint: version.hint, createdBy: version.createdBy ?? undefined };
