import { Injectable } from '@nestjs/common';
import type { Secret } from '@app/platform';
import type { OAuthClient } from '@app/qlik';
import type { Completed, RunEvent, StepContext } from '@app/runs';
import type { DataKeyHandle } from '@app/vault';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ORIGINS_NOT_SUPPORTED } from '../client-settings.js';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import type { CustomerTarget } from '../customer-targets.js';
import { StoredSecrets } from '../secrets/stored-secrets.js';
import type { KeptIntent } from './creation-intent.js';

/** Which client and secret an onboarding came to. */
export const CreatedClientOutput = z.object({
  oauthClientId: z.string(),
  clientId: z.string(),
  clientName: z.string(),
  secretVersionId: z.string(),
  version: z.number(),
  /** Whether it was found after a lost answer and not made by the attempt that kept it. */
  adopted: z.boolean(),
  /** ORIGINS_NOT_SUPPORTED: the tenant takes no allowedOrigins on web clients. */
  warnings: z.array(z.string()),
});

/** A secret in hand that nobody can show us again, and what is known of its client. */
export interface ClientInHand {
  client: OAuthClient;
  secret: Secret;
  hint?: string;
  createdBy?: string;
  originsRefused?: boolean;
  adopted?: boolean;
  /** Whether the OEM had made the client itself. */
  existing?: boolean;
  /** Whether the OEM gave the secret, so that its software may use it. */
  given?: boolean;
  intent: Omit<KeptIntent, 'phase' | 'at' | 'clientId'>;
}

/** The rows that a secret will be stored in: chosen before the call, so that nothing but sealing is left to do after it. */
export interface ReservedPlace {
  oauthClientId: string;
  secretVersionId: string;
  version: number;
}

/** Seals a client's secret and stores it together with the client, in the transaction that completes the step. */
@Injectable()
export class ClientKeeping {
  constructor(
    private readonly secrets: StoredSecrets,
    private readonly repository: OAuthClientsRepository,
  ) {}

  /** Chooses where the customer's next client and secret go. */
  async reserve(customerId: string): Promise<ReservedPlace> {
    const version = await this.repository.nextVersion(customerId);
    return { oauthClientId: uuidv7(), secretVersionId: uuidv7(), version };
  }

  async keep(
    context: StepContext,
    target: CustomerTarget,
    dataKey: DataKeyHandle,
    place: ReservedPlace,
    inHand: ClientInHand,
  ): Promise<Completed<z.output<typeof CreatedClientOutput>>> {
    const { customerId, tenantHost } = target;
    const { clientId, clientName } = inHand.client;
    const { oauthClientId, secretVersionId, version } = place;
    const adopted = inHand.adopted ?? false;
    const sealed = await this.secrets.seal(dataKey, inHand.secret, { customerId, id: secretVersionId, version });
    const warnings = inHand.originsRefused === true ? [ORIGINS_NOT_SUPPORTED] : [];
    return {
      output: { oauthClientId, clientId, clientName, secretVersionId, version, adopted, warnings },
      intent: { ...inHand.intent, phase: 'kept', clientId },
      commit: async (tx): Promise<RunEvent[]> => {
        await this.repository.insertWithSecret(tx, {
          id: oauthClientId,
          customerId,
          runId: context.run.id,
          tenantHost,
          clientId,
          clientName,
          secret: {
            id: secretVersionId,
            version,
            sealed,
            hint: inHand.hint ?? null,
            createdBy: inHand.createdBy ?? null,
            isGiven: inHand.given ?? false,
          },
        });
        const data = { warnings: warnings.join(',') };
        return [
          {
            action: actionOf(inHand),
            subject: { oauthClientId, clientId },
            data,
          },
          { action: 'secret.stored', subject: { oauthClientId, secretVersionId }, data: { version } },
        ];
      },
    };
  }
}

function actionOf({ existing, adopted }: Pick<ClientInHand, 'existing' | 'adopted'>): RunEvent['action'] {
  if (existing === true) return 'oauth_client.enrolled';
  return adopted === true ? 'oauth_client.adopted' : 'oauth_client.created';
}
