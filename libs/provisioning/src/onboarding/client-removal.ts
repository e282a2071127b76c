import { Injectable } from '@nestjs/common';
import { OAuthClientsApi } from '@app/qlik';
import { type Completed, type StepContext, waitUntil } from '@app/runs';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { OnboardingTargets } from '../onboarding-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { addToRemoving, parseCreationIntent } from './creation-intent.js';

/** Takes back a run's client: at Qlik, whatever bears its name or its recorded id; here, its secrets. */
@Injectable()
export class ClientRemoval {
  constructor(
    private readonly targets: OnboardingTargets,
    private readonly oauthClients: OAuthClientsApi,
    private readonly repository: OAuthClientsRepository,
    private readonly settings: ProvisioningSettings,
  ) {}

  /** Deletes the clients, once every POST that may still act has shown, and writes that in the step's transaction. */
  async remove(context: StepContext): Promise<Pick<Completed<unknown>, 'intent' | 'commit'>> {
    const intent = parseCreationIntent(context.intent);
    const recorded = await this.repository.findActiveByRun(context.run.id);
    if (intent === null && recorded === undefined) return { intent: null };
    const { tenantHost } = await this.targets.get(context.run);
    let clientIds = recorded === undefined ? [] : [recorded.clientId];
    if (intent !== null) {
      const settledAt = this.settings.settledAt(intent.phase === 'kept' ? intent.postedAt : intent.at);
      const answered = intent.phase === 'kept' && !intent.unsure;
      if (!answered && context.now() < settledAt) throw waitUntil(settledAt);
      const named = await this.oauthClients.list(tenantHost, { clientName: intent.clientName }, callsOf(context));
      clientIds.push(...named.map(({ clientId }) => clientId));
      const removing = addToRemoving(intent.removing, { clientIds });
      clientIds = removing.clientIds;
      if (clientIds.length > 0) await context.commitIntent({ ...intent, removing });
    }
    for (const clientId of clientIds) await this.oauthClients.delete(tenantHost, clientId, callsOf(context));
    return {
      intent: null,
      commit: async (tx) => {
        const revoked = recorded === undefined ? [] : await this.repository.markDeleted(tx, recorded.id);
        const data = { because: 'cancelled' };
        return [
          ...clientIds.map((clientId) => ({ action: 'oauth_client.deleted' as const, subject: { clientId }, data })),
          ...revoked.map((id) => ({ action: 'secret.revoked' as const, subject: { secretVersionId: id }, data })),
        ];
      },
    };
  }
}
