import { Injectable } from '@nestjs/common';
import { ClientSecretsApi, OAuthClientsApi } from '@app/qlik';
import { type Completed, type Intent, type RunEvent, type Step, type StepContext } from '@app/runs';
import { z } from 'zod';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { CustomerTargets } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { CreateOAuthClientStep } from './create-oauth-client.step.js';
import { sortOutAfterEnrolment } from './existing-client/enrolment-settling.js';
import { listNamed } from './named-clients.js';
import { addToRemoving, type KeptIntent, namesOf, parseCreationIntent } from './creation-intent.js';
import { readSecrets } from '../secrets/secrets-at-qlik.js';
import { awaitSettled } from '../secrets/settled.js';
import { type OtherSecrets, sortOutNamed, sortOutSecrets } from './settling-decision.js';

const Output = z.object({
  duplicateClientsDeleted: z.number(),
  deadSecretsDeleted: z.number(),
  /** SECRET_UNRECOGNISED: secrets on the client that are not ours; they are left alone. */
  unrecognisedSecrets: z.number(),
  /** CLIENTS_UNRECOGNISED: further clients like the one that was taken over; they are left alone. */
  unrecognisedClients: z.number(),
});
type Output = z.output<typeof Output>;

/** After a lost answer, when everything that was ever asked for must show: one client is left at Qlik, with no secret of ours but the recorded one. */
@Injectable()
export class SettleCreationStep implements Step<Output> {
  readonly name = 'settle-creation';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly oauthClients: OAuthClientsApi,
    private readonly clientSecrets: ClientSecretsApi,
    private readonly createOAuthClient: CreateOAuthClientStep,
    private readonly repository: OAuthClientsRepository,
    private readonly settings: ProvisioningSettings,
  ) {}

  isNeeded(intent: Intent | null): boolean {
    return intent?.phase === 'kept' && intent.unsure === true;
  }

  async run(context: StepContext): Promise<Completed<Output>> {
    const intent = parseCreationIntent(context.intent);
    if (intent?.phase !== 'kept') throw new Error('There is a client to settle only after one was kept.');
    awaitSettled(context, this.settings, intent.postedAt);
    const { tenantHost } = await this.targets.get(context.run);
    const named = await listNamed(this.oauthClients, tenantHost, namesOf(intent), callsOf(context));
    const { duplicates, unrecognised: unrecognisedClients } = sortOutNamed(intent, named);
    const { dead, unrecognised } = await this.#findOtherSecrets(context, tenantHost, intent);
    const removing = addToRemoving(intent.removing, { clientIds: duplicates, hints: dead });
    if (duplicates.length + dead.length > 0) await context.commitIntent({ ...intent, removing });
    for (const clientId of duplicates) await this.oauthClients.delete(tenantHost, clientId, callsOf(context));
    for (const hint of dead) await this.clientSecrets.delete(tenantHost, intent.clientId, hint, callsOf(context));
    return {
      output: {
        duplicateClientsDeleted: removing.clientIds.length,
        deadSecretsDeleted: removing.hints.length,
        unrecognisedSecrets: unrecognised,
        unrecognisedClients,
      },
      commit: () => Promise.resolve(toEvents(intent.clientId, removing, unrecognised, unrecognisedClients)),
    };
  }

  /** The hints of secrets that are ours and dead, and how many are not ours to delete. */
  async #findOtherSecrets(context: StepContext, host: string, intent: KeptIntent): Promise<OtherSecrets> {
    const { secretVersionId } = context.output(this.createOAuthClient);
    const recorded = await this.repository.getVersion(secretVersionId);
    // Without our own hint, ours cannot be told from the others.
    if (recorded.hint === null) return { dead: [], unrecognised: 0 };
    const ours = { hint: recorded.hint, createdBy: recorded.createdBy ?? undefined };
    const secrets = await readSecrets(this.oauthClients, host, intent.clientId, callsOf(context));
    const sortOut = intent.existing === undefined ? sortOutSecrets : sortOutAfterEnrolment;
    return sortOut(intent, ours, secrets);
  }
}

function toEvents(
  clientId: string,
  removed: { clientIds: string[]; hints: string[] },
  unrecognised: number,
  unrecognisedClients: number,
): RunEvent[] {
  const events: RunEvent[] = removed.clientIds.map((duplicate) => ({
    action: 'oauth_client.deleted',
    subject: { clientId: duplicate },
    data: { because: 'duplicate' },
  }));
  const subject = { clientId };
  if (removed.hints.length > 0) {
    events.push({ action: 'secret.revoked', subject, data: { because: 'never stored', count: removed.hints.length } });
  }
  if (unrecognised > 0) events.push({ action: 'secret.unrecognised', subject, data: { count: unrecognised } });
  if (unrecognisedClients > 0)
    events.push({ action: 'oauth_client.unrecognised', data: { count: unrecognisedClients } });
  return events;
}
