import { Injectable } from '@nestjs/common';
import { ClientSecretsApi, OAuthClientsApi } from '@app/qlik';
import { type Completed, type RunEvent, type StepContext } from '@app/runs';
import { readSecrets } from '../secrets/secrets-at-qlik.js';
import { awaitSettled } from '../secrets/settled.js';
import { CustomerTargets } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { findDead } from './our-secrets.js';
import { findUnsureMint, parseRotationIntent, type RotationIntent } from './rotation-intent.js';
import { type LiveVersion, SecretVersionsRepository } from './secret-versions.repository.js';

/** Takes back what a rotation minted before it was promoted: at Qlik the secrets, here their versions. What is current or was current stays. */
@Injectable()
export class MintUndoing {
  constructor(
    private readonly targets: CustomerTargets,
    private readonly oauthClients: OAuthClientsApi,
    private readonly clientSecrets: ClientSecretsApi,
    private readonly settings: ProvisioningSettings,
    private readonly versions: SecretVersionsRepository,
  ) {}

  async undo(context: StepContext): Promise<Pick<Completed<unknown>, 'intent' | 'commit'>> {
    const { customerId, tenantHost } = await this.targets.get(context.run);
    const { oauthClientId, clientId } = await this.versions.getClient(customerId);
    const intent = parseRotationIntent(context.intent);
    const live = await this.versions.listLive(oauthClientId);
    const pending = live.filter(({ state }) => state === 'pending');
    const removed = intent === null ? [] : await this.#remove(context, tenantHost, clientId, intent, live);
    return {
      intent: null,
      commit: async (tx) => {
        await this.versions.markRevoked(tx, pending);
        const data = { because: 'cancelled' };
        const events: RunEvent[] = pending.map(({ id, version }) => ({
          action: 'secret.revoked',
          subject: { oauthClientId, secretVersionId: id },
          data: { ...data, version },
        }));
        const unstored = removed.length - pending.length;
        if (unstored > 0)
          events.push({ action: 'secret.revoked', subject: { oauthClientId }, data: { ...data, count: unstored } });
        return events;
      },
    };
  }

  /** Deletes what the run made at Qlik, once all of it must show; returns the hints. */
  async #remove(
    context: StepContext,
    host: string,
    clientId: string,
    intent: RotationIntent,
    live: readonly LiveVersion[],
  ): Promise<string[]> {
    const postedAt = findUnsureMint(intent);
    if (postedAt !== null) awaitSettled(context, this.settings, postedAt);
    const secrets = await readSecrets(this.oauthClients, host, clientId, callsOf(context));
    const kept = live.filter(({ state }) => state !== 'pending').map(({ hint }) => hint);
    // A secret of a moment ago may not be listed yet: it is deleted by the hint that its answer told.
    const stored = live
      .filter(({ state }) => state === 'pending')
      .flatMap(({ hint }) => (hint === null || kept.includes(hint) ? [] : [hint]))
      .filter((hint) => secrets.filter((secret) => secret.hint === hint).length <= 1);
    const hints = [...stored, ...(postedAt === null ? [] : findDead(live, secrets, intent.knownHints))];
    const removing = [...new Set([...intent.removing, ...hints])];
    if (hints.length > 0) await context.commitIntent({ ...intent, removing });
    for (const hint of hints) await this.clientSecrets.delete(host, clientId, hint, callsOf(context));
    return removing;
  }
}
