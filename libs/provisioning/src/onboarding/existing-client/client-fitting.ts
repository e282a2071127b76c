import { Injectable } from '@nestjs/common';
import { type OAuthClient, type OAuthClientChanges, OAuthClientsApi, QlikError } from '@app/qlik';
import { needsAttention, type StepContext } from '@app/runs';
import { setClient } from '../../client-settings.js';
import type { CustomerTarget } from '../../customer-targets.js';
import { callsOf } from '../../qlik-calls.js';
import type { Fitness } from './client-fitness.js';
import { existingClientUnfit } from './enrolment-errors.js';
import { changedBy, type EnrolmentIntent } from './enrolment-intent.js';

/** What became of a client's settings: those that were changed, by this attempt or a former one, and whether its origins were refused. */
export interface Fitted {
  changed: string[];
  originsRefused: boolean;
}

/** Gives a client of the OEM's what it lacks, and takes nothing away. The change can be repeated. */
@Injectable()
export class ClientFitting {
  constructor(private readonly oauthClients: OAuthClientsApi) {}

  async fit(
    context: StepContext,
    { tenantHost }: CustomerTarget,
    { clientId }: OAuthClient,
    { changes }: Extract<Fitness, { kind: 'usable' }>,
    intent: EnrolmentIntent | null,
  ): Promise<Fitted> {
    const before = changedBy(intent);
    if (Object.keys(changes).length === 0) return { changed: before, originsRefused: false };
    const changed = [...new Set([...before, ...Object.keys(changes)])];
    await context.commitIntent(
      intent?.phase === 'minting' ? { ...intent, existing: { changed } } : { phase: 'fitting', changed },
    );
    const refused = await this.#set(context, tenantHost, clientId, changes);
    if (refused === undefined) return { changed, originsRefused: false };
    return { changed: changed.filter((setting) => setting !== 'allowedOrigins'), originsRefused: true };
  }

  /** Returns what Qlik said if it refused the origins. */
  async #set(
    context: StepContext,
    host: string,
    clientId: string,
    changes: OAuthClientChanges,
  ): Promise<QlikError | undefined> {
    try {
      return await setClient(this.oauthClients, host, clientId, changes, callsOf(context));
    } catch (error) {
      if (!(error instanceof QlikError && error.qlik?.status === 400)) throw error;
      const others = Object.keys(changes).filter((setting) => setting !== 'allowedOrigins');
      throw needsAttention(existingClientUnfit(clientId, others, error), error);
    }
  }
}
