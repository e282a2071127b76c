import { Injectable } from '@nestjs/common';
import { OAuthClientsApi } from '@app/qlik';
import { type Completed, type StepContext, waitUntil } from '@app/runs';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { CustomerTargets } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { listNamed } from './named-clients.js';
import { addToRemoving, parseCreationIntent } from './creation-intent.js';
import { nextRemovalMove } from './removal-decision.js';

/** Takes back a run's client: at Qlik, whatever bears the name that it chose or its recorded id; here, its secrets. */
@Injectable()
export class ClientRemoval {
  constructor(
    private readonly targets: CustomerTargets,
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
    const move = nextRemovalMove(intent, context.now(), this.settings);
    if (move.kind === 'wait') throw waitUntil(move.until);
    const named = await listNamed(this.oauthClients, tenantHost, move.names, callsOf(context));
    const clientIds = [...(recorded === undefined ? [] : [recorded]), ...named].map(({ clientId }) => clientId);
    const removing = addToRemoving(intent?.removing, { clientIds });
    if (intent !== null && removing.clientIds.length > 0) await context.commitIntent({ ...intent, removing });
    for (const clientId of removing.clientIds) await this.oauthClients.delete(tenantHost, clientId, callsOf(context));
    return {
      intent: null,
      commit: async (tx) => {
        const revoked = recorded === undefined ? [] : await this.repository.markDeleted(tx, recorded.id);
        const data = { because: 'cancelled' };
        return [
          ...removing.clientIds.map((clientId) => ({
            action: 'oauth_client.deleted' as const,
            subject: { clientId },
            data,
          })),
          ...revoked.map((id) => ({ action: 'secret.revoked' as const, subject: { secretVersionId: id }, data })),
        ];
      },
    };
  }
}
