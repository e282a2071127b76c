import { Injectable } from '@nestjs/common';
import { ExistingClientsRepository, type FoundOnClient } from '@app/customers';
import { type OAuthClient, OAuthClientsApi, QlikError, TokensApi } from '@app/qlik';
import { type Completed, type Intent, needsAttention, type RunEvent, type StepContext, waitUntil } from '@app/runs';
import type { z } from 'zod';
import { ORIGINS_NOT_SUPPORTED } from '../../client-settings.js';
import type { CustomerTarget, ExistingClientTarget } from '../../customer-targets.js';
import { OAuthClientsRepository } from '../../oauth-clients.repository.js';
import { ProvisioningSettings } from '../../provisioning-settings.js';
import { callsOf } from '../../qlik-calls.js';
import { MAX_MINTS, MAX_SECRETS, mintUnanswered } from '../../secrets/minting.js';
import { type SecretAtQlik, secretsOf } from '../../secrets/secrets-at-qlik.js';
import { awaitAsked, mayLackAnswer } from '../../secrets/settled.js';
import { StoredSecrets } from '../../secrets/stored-secrets.js';
import { ClientAdoption } from '../client-adoption.js';
import { ClientKeeping, type CreatedClientOutput } from '../client-keeping.js';
import type { MintingIntent } from '../creation-intent.js';
import type { Adoption } from '../mint-decision.js';
import { ClientFitting, type Fitted } from './client-fitting.js';
import { judgeClient } from './client-fitness.js';
import { existingClientNotFound, existingClientTaken, existingSecretRefused } from './enrolment-errors.js';
import { parseEnrolmentIntent } from './enrolment-intent.js';

type Enrolled = Completed<z.output<typeof CreatedClientOutput>>;

/** A client in hand, as it was found and fitted. */
interface Scene {
  client: OAuthClient;
  secrets: SecretAtQlik[];
  fitted: Fitted;
}

/** A client and the secret that is stored of it. */
interface Kept {
  completed: Enrolled;
  /** Of the secrets that are not known to be ours. */
  hints: string[];
  /** How many secrets are somebody else's, and how many there are in all. */
  foreign: number;
  secrets: number;
  /** Whether a token was got with the one that is stored. */
  isProved: boolean;
}

/**
 * Makes the client that the OEM had made the customer's: finds it by its id, gives it what it lacks, and stores the secret that the OEM gave once that gets a
 * token, or one that it mints. No client is ever asked for, and no secret deleted.
 */
@Injectable()
export class ClientEnrolment {
  constructor(
    private readonly oauthClients: OAuthClientsApi,
    private readonly tokens: TokensApi,
    private readonly secrets: StoredSecrets,
    private readonly settings: ProvisioningSettings,
    private readonly fitting: ClientFitting,
    private readonly adoption: ClientAdoption,
    private readonly keeping: ClientKeeping,
    private readonly repository: OAuthClientsRepository,
    private readonly existingClients: ExistingClientsRepository,
  ) {}

  async enrol(context: StepContext, target: CustomerTarget, existing: ExistingClientTarget): Promise<Enrolled> {
    const { clientId } = existing;
    try {
      return await this.#enrol(context, target, existing);
    } catch (error) {
      if (!(error instanceof QlikError && error.code === 'CLIENT_NOT_FOUND')) throw error;
      throw needsAttention(existingClientNotFound(clientId, error), error);
    }
  }

  async #enrol(context: StepContext, target: CustomerTarget, existing: ExistingClientTarget): Promise<Enrolled> {
    const { clientId } = existing;
    const intent = parseEnrolmentIntent(context.intent);
    if (intent?.phase === 'kept') throw new Error('The client is kept already: the step after this one comes next.');
    const minting = intent?.phase === 'minting' ? intent : null;
    if (minting !== null) awaitAsked(context, this.settings, minting);
    // A secret that the OEM made right before might not be listed yet: the only one that is would be taken for it, or it for one of ours.
    const listedAt = new Date(existing.namedAt.getTime() + this.settings.listLagMs);
    if (context.now() < listedAt) throw waitUntil(listedAt);
    const holderId = await this.repository.findHolder(clientId, target.customerId);
    if (holderId !== undefined) throw needsAttention(existingClientTaken(clientId, holderId));
    const client = await this.oauthClients.get(target.tenantHost, clientId, callsOf(context));
    const fitness = judgeClient(client, target);
    if (fitness.kind === 'unusable') throw needsAttention(fitness.error);
    // A secret that is wrong is told before anything is changed, where the client can be asked as it is.
    const isProvable = client.allowedGrantTypes.includes('client_credentials');
    if (isProvable) await this.#prove(context, target, existing);
    const fitted = await this.fitting.fit(context, target, client, fitness, intent);
    if (!isProvable) await this.#prove(context, target, existing);
    const secrets = await secretsOf(this.oauthClients, target.tenantHost, client, callsOf(context));
    const scene = { client, secrets, fitted };
    const kept =
      existing.sealed === null
        ? await this.#keepMinted(context, target, scene, minting)
        : await this.#keepGiven(context, target, existing, scene);
    return this.#withFound(target, kept, fitted, { ...fitness.found, hints: kept.hints });
  }

  /** Gets a token with the secret that the OEM gave, if it gave one. */
  async #prove(context: StepContext, target: CustomerTarget, { clientId, ...given }: ExistingClientTarget) {
    if (given.sealed === null) return;
    const clientSecret = await this.secrets.openGiven(target.customerId, given);
    try {
      await this.tokens.clientCredentials({ host: target.tenantHost, clientId, clientSecret }, callsOf(context));
    } catch (error) {
      if (!(error instanceof QlikError && error.code === 'CREDENTIAL_REFUSED')) throw error;
      throw needsAttention(existingSecretRefused(clientId, error), error);
    }
  }

  /** Stores the secret that the OEM gave. Of several on the client, which one it is cannot be told. */
  async #keepGiven(
    context: StepContext,
    target: CustomerTarget,
    given: ExistingClientTarget,
    { client, secrets, fitted: { changed } }: Scene,
  ): Promise<Kept> {
    const [secret, dataKey, place] = await Promise.all([
      this.secrets.openGiven(target.customerId, given),
      this.secrets.prepare(target.customerId),
      this.keeping.reserve(target.customerId),
    ]);
    const ours = secrets.length === 1 ? secrets[0] : undefined;
    const completed = await this.keeping.keep(context, target, dataKey, place, {
      ...{ client, secret, ...ours, existing: true, given: true },
      intent: { ...nothingMinted(client, changed), postedAt: context.now() },
    });
    const hints = ours === undefined ? secrets.map(({ hint }) => hint) : [];
    return { completed, hints, foreign: Math.max(0, secrets.length - 1), secrets: secrets.length, isProved: true };
  }

  /** Mints a secret and stores it; what is on the client already is somebody else's. */
  async #keepMinted(
    context: StepContext,
    target: CustomerTarget,
    { client, secrets, fitted: { changed } }: Scene,
    minting: MintingIntent | null,
  ): Promise<Kept> {
    const before = minting === null ? nothingMinted(client, changed) : goingOn(minting, changed);
    if (before.mints >= MAX_MINTS) {
      // Whoever retries the run gives it as many tries again.
      await context.commitIntent({ ...before, phase: 'minting', mints: 0 });
      throw needsAttention(mintUnanswered(client.clientId, before.mints));
    }
    const knownHints = before.knownHints ?? secrets.map(({ hint }) => hint);
    // What made nothing leaves the intent at the settings, as it was, unless an earlier answer was lost.
    const unmade: Intent | undefined = minting === null ? { phase: 'fitting', changed } : undefined;
    const completed = await this.adoption.mint(context, target, client, { ...before, knownHints }, secrets, unmade);
    const foreign = knownHints.length;
    return { completed, hints: knownHints, foreign, secrets: secrets.length + 1, isProved: false };
  }

  #withFound(
    { customerId }: CustomerTarget,
    { completed, foreign, secrets, isProved }: Kept,
    { changed, originsRefused }: Fitted,
    found: FoundOnClient,
  ): Enrolled {
    const { oauthClientId, clientId, secretVersionId } = completed.output;
    const subject = { oauthClientId, clientId };
    const warnings = [
      ...(originsRefused ? [ORIGINS_NOT_SUPPORTED] : []),
      ...(secrets >= MAX_SECRETS ? ['SECRETS_FULL'] : []),
    ];
    return {
      ...completed,
      output: { ...completed.output, warnings },
      commit: async (tx) => {
        const events: RunEvent[] = [...((await completed.commit?.(tx)) ?? [])];
        await this.existingClients.noteFound(tx, customerId, found);
        if (isProved) {
          const data = { grants: 'client_credentials' };
          events.push({ action: 'token.minted', subject: { oauthClientId, secretVersionId }, data });
        }
        const settings = changed.join(',');
        if (settings !== '') events.push({ action: 'oauth_client.changed', subject, data: { settings } });
        if (foreign > 0) events.push({ action: 'secret.unrecognised', subject, data: { count: foreign } });
        return events;
      },
    };
  }
}

/** What is known before the first mint. */
const nothingMinted = ({ clientId, clientName }: OAuthClient, changed: string[]): Adoption => ({
  ...{ clientId, clientName, existing: { changed } },
  ...{ posts: 0, unsure: false, mints: 0, deadSecrets: [], knownHints: null },
});

/** What is known once a mint was intended. */
const goingOn = (minting: MintingIntent, changed: string[]): Adoption => ({
  ...minting,
  existing: { changed },
  unsure: mayLackAnswer(minting),
});
