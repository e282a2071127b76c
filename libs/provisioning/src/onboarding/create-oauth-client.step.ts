import { Injectable } from '@nestjs/common';
import { OAuthClientsApi, ParentAccess } from '@app/qlik';
import { type Completed, needsAttention, type RunError, type Step, type StepContext, waitUntil } from '@app/runs';
import { Vault } from '@app/vault';
import { z } from 'zod';
import { type CustomerTarget, CustomerTargets } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { CheckTenantAccessStep } from './check-tenant-access.step.js';
import { ClientAdoption } from './client-adoption.js';
import { ClientCreation } from './client-creation.js';
import { ClientKeeping, CreatedClientOutput } from './client-keeping.js';
import { ClientRemoval } from './client-removal.js';
import { newClientName } from './client-name.js';
import { ClientRelease } from './existing-client/client-release.js';
import { ClientEnrolment } from './existing-client/client-enrolment.js';
import { listNamed } from './named-clients.js';
import {
  afterLook,
  type BeforePost,
  intentToTakeOver,
  intentWithoutPost,
  nextCreationMove,
} from './creation-decision.js';
import { namesOf, parseCreationIntent, type PostingIntent } from './creation-intent.js';
import { makeIntendedCall } from '../secrets/intended-call.js';

type Output = z.output<typeof CreatedClientOutput>;

/**
 * Makes the impersonation client and stores its secret. The POST can be neither repeated nor asked about, so its intent is committed
 * first; after a lost answer the step waits until the client must show in a list, and then adopts it, or asks again if there is none.
 * For a customer whose client the OEM had made, that one is enrolled, and none is ever asked for.
 */
@Injectable()
export class CreateOAuthClientStep implements Step<Output> {
  readonly name = 'create-oauth-client';
  readonly output = CreatedClientOutput;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly parentAccess: ParentAccess,
    private readonly oauthClients: OAuthClientsApi,
    private readonly vault: Vault,
    private readonly settings: ProvisioningSettings,
    private readonly creation: ClientCreation,
    private readonly adoption: ClientAdoption,
    private readonly keeping: ClientKeeping,
    private readonly removal: ClientRemoval,
    private readonly checkTenantAccess: CheckTenantAccessStep,
    private readonly enrolment: ClientEnrolment,
    private readonly release: ClientRelease,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const target = await this.targets.get(context.run);
    if (target.existingClient !== null) return this.enrolment.enrol(context, target, target.existingClient);
    const move = nextCreationMove(parseCreationIntent(context.intent), context.now(), this.settings);
    switch (move.kind) {
      case 'begin':
        return this.#postUnlessLeft(context, target, {
          clientName: newClientName(target.customerId),
          posts: 0,
          unsure: false,
        });
      case 'wait':
        throw waitUntil(move.until);
      case 'look':
        return this.#settleLostPost(context, target, move.intent);
      case 'go-on-minting':
        return this.adoption.goOn(context, target, move.intent);
    }
  }

  async undo(context: StepContext): Promise<Pick<Completed<Output>, 'intent' | 'commit'>> {
    const target = await this.targets.get(context.run);
    if (target.existingClient !== null) return this.release.release(context, target, target.existingClient);
    return this.removal.remove(context);
  }

  /** Asks for a client, unless one seems to be made for the customer that no row records: a restored database has forgotten it, and it is taken over. */
  async #postUnlessLeft(context: StepContext, target: CustomerTarget, before: BeforePost): Promise<Completed<Output>> {
    const left = await this.checkTenantAccess.listLeft(context, target);
    if (left.length === 0) return this.#post(context, target, before);
    const { at } = await context.commitIntent(intentToTakeOver(left, before));
    throw waitUntil(this.settings.settledAt(new Date(at)), clientUnrecorded(left));
  }

  async #post(context: StepContext, target: CustomerTarget, before: BeforePost): Promise<Completed<Output>> {
    // Whatever can fail without consequences comes before the intent.
    const [dataKey, place] = await Promise.all([
      this.vault.ensureDataKey({ kind: 'customer', id: target.customerId }),
      this.keeping.reserve(target.customerId),
      this.parentAccess.token(target.tenantHost, callsOf(context)),
    ]);
    const posts = before.posts + 1;
    const intent = { asking: { ...before, phase: 'posting', posts }, unmade: intentWithoutPost(before) };
    const { answer, postedAt } = await makeIntendedCall(context, this.settings, intent, (beforeSend) =>
      this.creation.create(target, before.clientName, { ...callsOf(context), beforeSend }),
    );
    return this.keeping.keep(context, target, dataKey, place, {
      ...answer,
      createdBy: answer.client.clientSecrets?.[0]?.createdBy,
      intent: { ...before, posts, mints: 0, postedAt, deadSecrets: [], knownHints: null },
    });
  }

  async #settleLostPost(
    context: StepContext,
    target: CustomerTarget,
    intent: PostingIntent,
  ): Promise<Completed<Output>> {
    const found = await listNamed(this.oauthClients, target.tenantHost, namesOf(intent), callsOf(context));
    const next = afterLook(intent, found, newClientName(target.customerId));
    switch (next.kind) {
      case 'adopt':
        return this.adoption.adopt(context, target, intent, next.client);
      case 'post':
        return this.#postUnlessLeft(context, target, next.before);
      case 'give-up':
        await context.commitIntent(next.intent);
        throw needsAttention(next.error);
    }
  }
}

const clientUnrecorded = (names: readonly string[]): RunError => ({
  code: 'CLIENT_UNRECORDED',
  message: `The tenant has OAuth clients that were made for this customer and that no row records: ${names.map((name) => `"${name}"`).join(', ')}.`,
  hint: 'Nothing: after a wait the oldest is taken over. The others are left alone. This is usual after a database was restored.',
});
