import { Injectable } from '@nestjs/common';
import { policyOf, RotationDefaults, RotationInput } from '@app/customers';
import { ClientSecretsApi, OAuthClientsApi, ParentAccess } from '@app/qlik';
import { type Completed, needsAttention, type RunEvent, type Step, type StepContext } from '@app/runs';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { afterMint } from '../secrets/minting.js';
import { makeIntendedCall } from '../secrets/intended-call.js';
import { readSecrets } from '../secrets/secrets-at-qlik.js';
import { awaitAsked } from '../secrets/settled.js';
import { type CustomerTarget, CustomerTargets } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { StoredSecrets } from '../secrets/stored-secrets.js';
import { beforeMint, type MintDecision } from './mint-decision.js';
import { MintUndoing } from './mint-undoing.js';
import { type MintingIntent, parseRotationIntent } from './rotation-intent.js';
import { type ClientOfCustomer, SecretVersionsRepository } from './secret-versions.repository.js';

/** Which secret a rotation came to. */
export const MintedSecretOutput = z.object({
  oauthClientId: z.string(),
  clientId: z.string(),
  secretVersionId: z.string(),
  version: z.number(),
  /** The version whose secret this is again; null for a secret of its own. */
  restores: z.number().nullable(),
});
type Output = z.output<typeof MintedSecretOutput>;

/**
 * Makes the secret that is to come, and stores it: nobody gets it yet. Like the creation of a client, a mint can be neither repeated nor asked
 * about; after a lost answer the step waits until its secret must show, deletes it and mints another. A rollback mints nothing: it stores the
 * old secret again.
 */
@Injectable()
export class MintSecretStep implements Step<Output> {
  readonly name = 'mint';
  readonly output = MintedSecretOutput;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly defaults: RotationDefaults,
    private readonly parentAccess: ParentAccess,
    private readonly oauthClients: OAuthClientsApi,
    private readonly clientSecrets: ClientSecretsApi,
    private readonly secrets: StoredSecrets,
    private readonly settings: ProvisioningSettings,
    private readonly clients: OAuthClientsRepository,
    private readonly versions: SecretVersionsRepository,
    private readonly undoing: MintUndoing,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const target = await this.targets.get(context.run);
    const client = await this.versions.getClient(target.customerId);
    const input = RotationInput.parse(context.run.input);
    // Whoever cannot read when the old secret may go makes no new one, unless it is to go at once.
    if (input.mode !== 'emergency') policyOf(target.rotation, this.defaults);
    if (input.mode === 'rollback') return this.#restore(target, client, input.restores);
    const intent = parseRotationIntent(context.intent);
    const minting = intent?.phase === 'minting' ? intent : null;
    if (minting !== null) awaitAsked(context, this.settings, minting);
    const decision = await this.#look(context, target, client, minting, input.mode === 'emergency');
    if (decision.kind === 'give-up') {
      if (decision.intent !== null) await context.commitIntent(decision.intent);
      throw needsAttention(decision.error);
    }
    return this.#mint(context, target, client, decision);
  }

  undo(context: StepContext): Promise<Pick<Completed<Output>, 'intent' | 'commit'>> {
    return this.undoing.undo(context);
  }

  async #look(
    context: StepContext,
    { tenantHost }: CustomerTarget,
    { oauthClientId, clientId }: ClientOfCustomer,
    intent: MintingIntent | null,
    isEmergency: boolean,
  ): Promise<MintDecision> {
    const [live, secrets] = await Promise.all([
      this.versions.listLive(oauthClientId),
      readSecrets(this.oauthClients, tenantHost, clientId, callsOf(context)),
    ]);
    return beforeMint({ clientId, intent, live, secrets, isEmergency });
  }

  async #mint(
    context: StepContext,
    { customerId, tenantHost }: CustomerTarget,
    { oauthClientId, clientId }: ClientOfCustomer,
    { before, remove, retire, hints }: Extract<MintDecision, { kind: 'mint' }>,
  ): Promise<Completed<Output>> {
    // Whatever can fail without consequences comes first.
    const [dataKey, version] = await Promise.all([
      this.secrets.prepare(customerId),
      this.clients.nextVersion(customerId),
      this.parentAccess.token(tenantHost, callsOf(context)),
    ]);
    const removing = [...new Set([...before.removing, ...remove])];
    const known = { ...before, phase: 'minting' as const, removing };
    if (remove.length > 0) await context.commitIntent(known);
    for (const hint of [...remove, ...retire.map((old) => old.hint!)]) {
      await this.clientSecrets.delete(tenantHost, clientId, hint, callsOf(context));
    }
    const asking = { ...known, mints: before.mints + 1 };
    const settled = { ...known, settled: true };
    const intent = { asking, unmade: before.unsure ? settled : null };
    for (let mintedNow = 1; ; mintedNow += 1) {
      const { answer, postedAt } = await makeIntendedCall(context, this.settings, intent, (beforeSend) =>
        this.clientSecrets.create(tenantHost, clientId, { ...callsOf(context), beforeSend }),
      );
      const next = afterMint({ clientId, isIrreplaceable: true }, hints, answer, mintedNow);
      if (next.kind === 'mint-again') continue;
      if (next.kind === 'give-up') {
        // Each was answered: none of them is looked for, or taken for lost.
        await context.commitIntent(settled);
        throw needsAttention(next.error);
      }
      const { secret, hint, createdBy = null } = answer;
      const id = uuidv7();
      const sealed = await this.secrets.seal(dataKey, secret, { customerId, id, version });
      return {
        output: { oauthClientId, clientId, secretVersionId: id, version, restores: null },
        intent: { ...asking, phase: 'minted', postedAt, removing: [] },
        commit: async (tx) => {
          await this.versions.insertPending(tx, { id, customerId, oauthClientId, version, sealed, hint, createdBy });
          await this.versions.markRetired(tx, retire);
          const subject = { oauthClientId };
          const events: RunEvent[] = retire.map((old) => ({
            action: 'secret.retired',
            subject: { ...subject, secretVersionId: old.id },
            data: { version: old.version, because: 'room for another' },
          }));
          const lost = removing.length;
          if (lost > 0)
            events.push({ action: 'secret.revoked', subject, data: { because: 'never stored', count: lost } });
          return [
            ...events,
            { action: 'secret.stored', subject: { ...subject, secretVersionId: id }, data: { version } },
          ];
        },
      };
    }
  }

  async #restore(
    { customerId }: CustomerTarget,
    { oauthClientId, clientId }: ClientOfCustomer,
    restores: string,
  ): Promise<Completed<Output>> {
    const live = await this.versions.listLive(oauthClientId);
    const old = live.find((candidate) => candidate.id === restores);
    if (old === undefined || old.retiredAt !== null) {
      throw needsAttention({
        code: 'SECRET_GONE',
        message: 'The secret to go back to was deleted meanwhile.',
        hint: 'Cancel the run, and rotate the secret instead.',
      });
    }
    const [dataKey, secret, version] = await Promise.all([
      this.secrets.prepare(customerId),
      this.secrets.open(customerId, old),
      this.clients.nextVersion(customerId),
    ]);
    const id = uuidv7();
    const sealed = await this.secrets.seal(dataKey, secret, { customerId, id, version });
    const { hint, createdBy } = old;
    return {
      output: { oauthClientId, clientId, secretVersionId: id, version, restores: old.version },
      commit: async (tx) => {
        await this.versions.insertPending(tx, { id, customerId, oauthClientId, version, sealed, hint, createdBy });
        const subject = { oauthClientId, secretVersionId: id };
        return [{ action: 'secret.stored' as const, subject, data: { version, restores: old.version } }];
      },
    };
  }
}
