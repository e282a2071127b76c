import { Injectable } from '@nestjs/common';
import { ClientSecretsApi, type OAuthClient, OAuthClientsApi, ParentAccess, QlikError } from '@app/qlik';
import { type Completed, needsAttention, type StepContext, waitUntil } from '@app/runs';
import { Vault } from '@app/vault';
import type { z } from 'zod';
import { toRunError } from '../explain-failure.js';
import type { OnboardingTarget } from '../onboarding-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { ClientKeeping, type CreatedClientOutput } from './client-keeping.js';
import { addToRemoving, type MintingIntent, type PostingIntent } from './creation-intent.js';
import { isOnlyOfItsHint, type SecretAtQlik, secretsOf } from './secrets-at-qlik.js';
import { isOurs } from './whose-hint.js';

type Adopted = Promise<Completed<z.output<typeof CreatedClientOutput>>>;

/** Secrets an OAuth client can have at one time (qlik.dev, POST client-secrets). */
const MAX_SECRETS = 5;

/** Requests for a secret before a person is asked to look. */
const MAX_MINTS = 5;

/** Takes over a client that a lost POST made: nobody has its secret, so one more is minted, and the unknown one goes later, when the run settles. */
@Injectable()
export class ClientAdoption {
  constructor(
    private readonly parentAccess: ParentAccess,
    private readonly oauthClients: OAuthClientsApi,
    private readonly clientSecrets: ClientSecretsApi,
    private readonly vault: Vault,
    private readonly settings: ProvisioningSettings,
    private readonly keeping: ClientKeeping,
  ) {}

  /** Adopts `client`, which bears the name that the intent committed. */
  async adopt(context: StepContext, target: OnboardingTarget, intent: PostingIntent, client: OAuthClient): Adopted {
    const secrets = await secretsOf(this.oauthClients, target.tenantHost, client, callsOf(context));
    const found = {
      ...intent,
      unsure: true,
      clientId: client.clientId,
      mints: 0,
      deadSecrets: secrets,
      knownHints: null,
    };
    return this.#mint(context, target, client, found, secrets);
  }

  /** Goes on after a mint whose answer was lost. */
  async continue(context: StepContext, target: OnboardingTarget, intent: MintingIntent): Adopted {
    const settledAt = this.settings.settledAt(intent.at);
    if (context.now() < settledAt) throw waitUntil(settledAt);
    const client = await this.oauthClients.get(target.tenantHost, intent.clientId, callsOf(context));
    const secrets = await secretsOf(this.oauthClients, target.tenantHost, client, callsOf(context));
    const deadSecrets = secrets.filter((secret) => isOurs(secret, { ...intent, recorded: [] }));
    if (intent.mints >= MAX_MINTS) {
      // Whoever retries the run gives it as many tries again.
      await context.commitIntent({ ...intent, deadSecrets, mints: 0 });
      throw needsAttention(mintUnanswered(client.clientId, intent.mints));
    }
    return this.#mint(context, target, client, { ...intent, deadSecrets }, secrets);
  }

  async #mint(
    context: StepContext,
    target: OnboardingTarget,
    client: OAuthClient,
    found: Omit<MintingIntent, 'phase' | 'at'>,
    secrets: SecretAtQlik[],
  ): Adopted {
    const minting = { ...(await this.#makeRoom(context, target, found, secrets)), phase: 'minting' as const };
    const knownHints = minting.knownHints ?? [];
    const dataKey = await this.vault.ensureDataKey({ kind: 'customer', id: target.customerId });
    const place = await this.keeping.reserve(target.customerId);
    await this.parentAccess.token(target.tenantHost, callsOf(context));
    let postedAt = context.now();
    const beforeSend = async () => {
      minting.mints += 1;
      postedAt = new Date((await context.commitIntent(minting)).at);
      context.guard(this.settings.callTimeoutMs);
    };
    for (let held = knownHints.length; held < MAX_SECRETS; held += 1) {
      const minted = await this.clientSecrets
        .create(target.tenantHost, client.clientId, { ...callsOf(context), beforeSend })
        .catch((error: unknown) => {
          if (!(error instanceof QlikError && error.outcomeUnknown)) throw error;
          throw waitUntil(this.settings.settledAt(postedAt), toRunError(error));
        });
      // Two secrets of one hint cannot be told apart, and neither could be deleted alone: such a one is not used.
      if (knownHints.includes(minted.hint)) continue;
      const { secret, hint, createdBy } = minted;
      const intent = { ...minting, postedAt };
      return this.keeping.keep(context, target, dataKey, place, {
        client,
        secret,
        hint,
        createdBy,
        adopted: true,
        intent,
      });
    }
    throw needsAttention(hintCollision(client.clientId));
  }

  /** Deletes one of our own dead secrets if the client has no room for another; says which hints are left. */
  async #makeRoom(
    context: StepContext,
    { tenantHost }: OnboardingTarget,
    found: Omit<MintingIntent, 'phase' | 'at'>,
    secrets: SecretAtQlik[],
  ): Promise<Omit<MintingIntent, 'phase' | 'at'>> {
    const hints = secrets.map(({ hint }) => hint);
    if (hints.length < MAX_SECRETS) return { ...found, knownHints: hints };
    const dead = secrets.find(
      (secret) => isOurs(secret, { ...found, recorded: [] }) && isOnlyOfItsHint(secret, secrets),
    );
    if (dead === undefined) throw needsAttention(capacity(found.clientId));
    const removing = addToRemoving(found.removing, { hints: [dead.hint] });
    await context.commitIntent({ ...found, phase: 'minting', removing });
    await this.clientSecrets.delete(tenantHost, found.clientId, dead.hint, callsOf(context));
    return { ...found, removing, knownHints: hints.filter((hint) => hint !== dead.hint) };
  }
}

const mintUnanswered = (clientId: string, mints: number) => ({
  code: 'MINT_UNANSWERED',
  message: `Qlik was asked ${mints} times for a secret of the OAuth client "${clientId}" and never gave a usable answer.`,
  hint: 'Look at Qlik’s status page and at the tenant. Once Qlik answers again, retry the run: it looks at the client first.',
});

const capacity = (clientId: string) => ({
  code: 'SECRET_CAPACITY',
  message: `The OAuth client "${clientId}" has ${MAX_SECRETS} secrets, and none of them is ours to delete.`,
  hint: 'Delete a secret that nobody uses at Qlik, then retry the run.',
});

const hintCollision = (clientId: string) => ({
  code: 'HINT_COLLISION',
  message: `Qlik gave the OAuth client "${clientId}" a new secret with the hint of an older one, so that the two cannot be told apart.`,
  hint: 'Retry the run to mint another. If it happens again, delete the client at Qlik, cancel the run and retry it.',
});
