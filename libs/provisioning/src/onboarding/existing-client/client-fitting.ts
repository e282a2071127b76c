import { Injectable } from '@nestjs/common';
import { type OAuthClient, type OAuthClientChanges, OAuthClientsApi, QlikError } from '@app/qlik';
import { needsAttention, type StepContext } from '@app/runs';
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
    const refused = await this.#patch(context, tenantHost, clientId, changes);
    if (refused === undefined) return { changed, originsRefused: false };
    return { changed: changed.filter((setting) => setting !== 'allowedOrigins'), originsRefused: true };
  }

  /** Whether a tenant takes origins on a web client is not documented: after a 400, which changes nothing, the rest is set without them. Returns that refusal. */
  async #patch(
    context: StepContext,
    host: string,
    clientId: string,
    changes: OAuthClientChanges,
  ): Promise<QlikError | undefined> {
    const { allowedOrigins, ...others } = changes;
    const bodies = allowedOrigins === undefined ? [others] : [changes, others];
    let refusal: QlikError | undefined;
    for (const body of bodies) {
      if (Object.keys(body).length === 0) return refusal;
      try {
        await this.oauthClients.patch(host, clientId, body, callsOf(context));
        return refusal;
      } catch (error) {
        if (!(error instanceof QlikError && error.qlik?.status === 400)) throw error;
        refusal = error;
      }
    }
    throw needsAttention(existingClientUnfit(clientId, Object.keys(others), refusal!), refusal);
  }
}
