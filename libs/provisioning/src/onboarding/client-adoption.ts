import { Injectable } from '@nestjs/common';
import { ClientSecretsApi, type OAuthClient, OAuthClientsApi, ParentAccess, QlikError } from '@app/qlik';
import { type Completed, type Intent, needsAttention, type StepContext, waitUntil } from '@app/runs';
import { Vault } from '@app/vault';
import type { z } from 'zod';
import { toRunError } from '../explain-failure.js';
import type { CustomerTarget } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { ClientKeeping, type CreatedClientOutput } from './client-keeping.js';
import { intentWithoutClient } from './creation-decision.js';
import { addToRemoving, type MintingIntent, type PostingIntent } from './creation-intent.js';
import { makeIntendedCall } from '../secrets/intended-call.js';
import { afterMint } from '../secrets/minting.js';
import { type Adoption, afterLostMint, beginAdoption, findRoom } from './mint-decision.js';
import { type SecretAtQlik, secretsOf } from '../secrets/secrets-at-qlik.js';

type Adopted = Promise<Completed<z.output<typeof CreatedClientOutput>>>;

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

  /** Adopts `client`, which bears a name that the intent committed. */
  adopt(context: StepContext, target: CustomerTarget, intent: PostingIntent, client: OAuthClient): Adopted {
    return this.#unlessGone(context, intent, async () => {
      const secrets = await secretsOf(this.oauthClients, target.tenantHost, client, callsOf(context));
      return this.mint(context, target, client, beginAdoption(intent, client.clientId, secrets), secrets);
    });
  }

  /** Goes on after a mint whose answer was lost, once its secret must show. */
  goOn(context: StepContext, target: CustomerTarget, intent: MintingIntent): Adopted {
    return this.#unlessGone(context, intent, async () => {
      const client = await this.oauthClients.get(target.tenantHost, intent.clientId, callsOf(context));
      const secrets = await secretsOf(this.oauthClients, target.tenantHost, client, callsOf(context));
      const next = afterLostMint(intent, secrets);
      if (next.kind === 'give-up') {
        await context.commitIntent(next.intent);
        throw needsAttention(next.error);
      }
      return this.mint(context, target, client, next.adoption, secrets);
    });
  }

  /** Mints a secret of `client`, which has `secrets`, and stores both. What it throws leaves the intent at the mint; where that made nothing, `unmade` if there is one. */
  async mint(
    context: StepContext,
    target: CustomerTarget,
    client: OAuthClient,
    adoption: Adoption,
    secrets: SecretAtQlik[],
    unmade?: Intent,
  ): Adopted {
    const room = await this.#makeRoom(context, target, adoption, secrets);
    const knownHints = adoption.knownHints ?? room.hints;
    const dataKey = await this.vault.ensureDataKey({ kind: 'customer', id: target.customerId });
    const place = await this.keeping.reserve(target.customerId);
    await this.parentAccess.token(target.tenantHost, callsOf(context));
    // Also where nothing is sent: to a database that is restored to that moment, the hints tell what was minted since.
    const settled = { ...room.adoption, phase: 'minting', knownHints, settled: true };
    const asking = { ...settled, mints: adoption.mints + 1, settled: false };
    const intent = { asking, unmade: unmade ?? settled };
    const existing = adoption.existing !== undefined;
    for (let mintedNow = 1; ; mintedNow += 1) {
      const { answer, postedAt } = await makeIntendedCall(context, this.settings, intent, (beforeSend) =>
        this.clientSecrets.create(target.tenantHost, client.clientId, { ...callsOf(context), beforeSend }),
      );
      const { clientId } = client;
      const next = afterMint({ clientId, isIrreplaceable: existing }, room.hints, answer, mintedNow);
      if (next.kind === 'mint-again') continue;
      if (next.kind === 'give-up') {
        // Each was answered: none of them is looked for, or taken for lost.
        await context.commitIntent(settled);
        throw needsAttention(next.error);
      }
      const { settled: _settled, ...kept } = asking;
      return this.keeping.keep(context, target, dataKey, place, {
        ...{ client, ...answer, adopted: !existing, existing },
        intent: { ...kept, postedAt },
      });
    }
  }

  /** Deletes one of our own dead secrets if the client has no room for another; says which hints are left. */
  async #makeRoom(
    context: StepContext,
    { tenantHost }: CustomerTarget,
    adoption: Adoption,
    secrets: SecretAtQlik[],
  ): Promise<{ adoption: Adoption; hints: string[] }> {
    const hints = secrets.map(({ hint }) => hint);
    const room = findRoom(adoption, secrets);
    if (room.kind === 'full') throw needsAttention(room.error);
    if (room.kind === 'room') return { adoption, hints };
    const removing = addToRemoving(adoption.removing, { hints: [room.hint] });
    await context.commitIntent({ ...adoption, phase: 'minting', settled: false, removing });
    await this.clientSecrets.delete(tenantHost, adoption.clientId, room.hint, callsOf(context));
    return { adoption: { ...adoption, removing }, hints: hints.filter((hint) => hint !== room.hint) };
  }

  /** A client that is gone, or that a list showed though it was deleted, has nothing to adopt: once every list must have noticed, it is looked for again. */
  async #unlessGone(context: StepContext, intent: PostingIntent | MintingIntent, work: () => Adopted): Adopted {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof QlikError && error.code === 'CLIENT_NOT_FOUND')) throw error;
      const { at } = await context.commitIntent(intentWithoutClient(intent));
      throw waitUntil(this.settings.settledAt(new Date(at)), toRunError(error));
    }
  }
}
