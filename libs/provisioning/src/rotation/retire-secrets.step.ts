import { Injectable } from '@nestjs/common';
import { ExistingClientsRepository, RotationInput } from '@app/customers';
import { ClientSecretsApi, OAuthClientsApi } from '@app/qlik';
import { type Completed, needsAttention, type RunError, type RunEvent, type Step, type StepContext } from '@app/runs';
import { z } from 'zod';
import { readSecrets } from '../secrets/secrets-at-qlik.js';
import { awaitSettled } from '../secrets/settled.js';
import { CustomerTargets } from '../customer-targets.js';
import { callsOf } from '../qlik-calls.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { decideRetirement, type Retirement } from './retirement-decision.js';
import { findUnsureMint, parseRotationIntent } from './rotation-intent.js';
import { SecretProof } from './secret-proof.js';
import { type LiveVersion, SecretVersionsRepository } from './secret-versions.repository.js';

const Output = z.object({
  retiredVersions: z.array(z.number()),
  /** Versions whose secret came with a client of the OEM's and cannot be told from others there: it stays valid at Qlik. */
  releasedVersions: z.array(z.number()).default([]),
  /** Secrets of ours that a lost answer left behind. */
  deadSecretsDeleted: z.number(),
  /** SECRET_UNRECOGNISED: secrets that are not ours; they are left alone. */
  unrecognisedSecrets: z.number(),
});
type Output = z.output<typeof Output>;

/**
 * Deletes at Qlik every secret of ours but the current one, once that is seen to work. What is not surely ours stays: also one that came with a client of
 * the OEM's and whose hint is unknown, but for an emergency, in which a person must delete it. That one stays keeps no other from being deleted.
 */
@Injectable()
export class RetireSecretsStep implements Step<Output> {
  readonly name = 'retire';
  readonly output = Output;
  /** Some hours: an old secret that stays alive is worth more patience than a new one that is late. */
  readonly retry = { maxAttempts: 40, baseMs: 1_000, maxMs: 600_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly proof: SecretProof,
    private readonly oauthClients: OAuthClientsApi,
    private readonly clientSecrets: ClientSecretsApi,
    private readonly versions: SecretVersionsRepository,
    private readonly settings: ProvisioningSettings,
    private readonly existingClients: ExistingClientsRepository,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const { customerId, tenantHost, existingClient } = await this.targets.get(context.run);
    const { oauthClientId, clientId } = await this.versions.getClient(customerId);
    const live = await this.versions.listLive(oauthClientId);
    const current = live.find(({ state }) => state === 'current');
    if (current === undefined) throw new Error(`The OAuth client "${clientId}" has no current secret.`);
    const place = { customerId, host: tenantHost, clientId };
    // Nothing goes while what is left might not work; that it does not is for people to know at once.
    if (!(await this.proof.works(context, place, current))) throw needsAttention(currentRefused(clientId, current));
    const working: string[] = [];
    for (const version of live.filter(({ state, retiredAt }) => state === 'previous' && retiredAt === null)) {
      if (await this.proof.works(context, place, version)) working.push(version.id);
    }
    const secrets = await readSecrets(this.oauthClients, tenantHost, clientId, callsOf(context));
    const intent = parseRotationIntent(context.intent);
    // Where no answer was lost, nothing of ours is unknown: what is newer, a script of the OEM's made with our own parent client.
    const knownHints = intent !== null && findUnsureMint(intent) !== null ? intent.knownHints : null;
    const mayLetGo = existingClient !== null && RotationInput.parse(context.run.input).mode !== 'emergency';
    const scene = { clientId, currentId: current.id, live, working, secrets, knownHints, mayLetGo };
    const retirement = decideRetirement(scene);
    const { hints, dead } = retirement;
    const removing = [...new Set([...(intent?.removing ?? []), ...dead])];
    if (intent !== null && dead.length > 0) await context.commitIntent({ ...intent, removing });
    for (const hint of [...hints, ...dead]) {
      await this.clientSecrets.delete(tenantHost, clientId, hint, callsOf(context));
    }
    const postedAt = intent && findUnsureMint(intent);
    // After a lost answer another secret may show later: the step comes back for it, when what must go has gone.
    if (postedAt !== null) awaitSettled(context, this.settings, postedAt);
    // What went is noted once the step ends: it will then be seen to be refused, and no longer be listed.
    if (retirement.kind === 'give-up') throw needsAttention(retirement.error);
    const { versions, letGo, unrecognised } = retirement;
    return {
      output: {
        retiredVersions: versions.map(({ version }) => version),
        releasedVersions: letGo.map(({ version }) => version),
        deadSecretsDeleted: removing.length,
        unrecognisedSecrets: unrecognised,
      },
      commit: async (tx) => {
        await this.versions.markRetired(tx, versions);
        await this.versions.markRevoked(tx, letGo);
        if (existingClient !== null) await this.existingClients.forgetHints(tx, customerId);
        const token = { grants: 'client_credentials' };
        return [
          { action: 'token.minted', subject: { oauthClientId, secretVersionId: current.id }, data: token },
          ...toEvents(oauthClientId, retirement, removing.length),
        ];
      },
    };
  }
}

const currentRefused = (clientId: string, { version }: LiveVersion): RunError => ({
  code: 'CREDENTIAL_REFUSED',
  message: `The tenant refuses version ${version} of the secret of the OAuth client "${clientId}", which is the current one; so nothing older was deleted.`,
  hint: 'Look at Qlik whether somebody deleted the secret or disabled the client. If the secret is gone, ask for an emergency rotation; else retry the run.',
});

function toEvents(
  oauthClientId: string,
  { versions, letGo, unrecognised }: Extract<Retirement, { kind: 'retire' }>,
  dead: number,
): RunEvent[] {
  const events: RunEvent[] = versions
    .filter(({ retiredAt }) => retiredAt === null)
    .map(({ id, version }) => ({
      action: 'secret.retired',
      subject: { oauthClientId, secretVersionId: id },
      data: { version },
    }));
  for (const { id, version } of letGo)
    events.push({ action: 'secret.released', subject: { oauthClientId, secretVersionId: id }, data: { version } });
  const subject = { oauthClientId };
  if (dead > 0) events.push({ action: 'secret.revoked', subject, data: { because: 'never stored', count: dead } });
  if (unrecognised > 0) events.push({ action: 'secret.unrecognised', subject, data: { count: unrecognised } });
  return events;
}
