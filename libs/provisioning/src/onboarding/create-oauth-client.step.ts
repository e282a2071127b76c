import { Injectable } from '@nestjs/common';
import { type OAuthClient, OAuthClientsApi, ParentAccess, QlikError } from '@app/qlik';
import { type Completed, needsAttention, type Step, type StepContext, waitUntil } from '@app/runs';
import { Vault } from '@app/vault';
import { z } from 'zod';
import { toRunError } from '../explain-failure.js';
import { type OnboardingTarget, OnboardingTargets } from '../onboarding-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { ClientAdoption } from './client-adoption.js';
import { ClientCreation } from './client-creation.js';
import { ClientKeeping, CreatedClientOutput } from './client-keeping.js';
import { ClientRemoval } from './client-removal.js';
import { newClientName } from './client-name.js';
import { parseCreationIntent, type PostingIntent } from './creation-intent.js';

/** POSTs whose answer was lost before a person is asked to look. */
const MAX_POSTS = 5;

type Output = z.output<typeof CreatedClientOutput>;

/**
 * Makes the impersonation client and stores its secret. The POST can be neither repeated nor asked about, so its intent is committed
 * first; after a lost answer the step waits until the client must show in a list, and then adopts it, or asks again if there is none.
 */
@Injectable()
export class CreateOAuthClientStep implements Step<Output> {
  readonly name = 'create-oauth-client';
  readonly output = CreatedClientOutput;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly targets: OnboardingTargets,
    private readonly parentAccess: ParentAccess,
    private readonly oauthClients: OAuthClientsApi,
    private readonly vault: Vault,
    private readonly settings: ProvisioningSettings,
    private readonly creation: ClientCreation,
    private readonly adoption: ClientAdoption,
    private readonly keeping: ClientKeeping,
    private readonly removal: ClientRemoval,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const target = await this.targets.get(context.run);
    const intent = parseCreationIntent(context.intent);
    switch (intent?.phase) {
      case undefined:
        return this.#post(context, target, { clientName: newClientName(target.customerId), posts: 0, unsure: false });
      case 'posting':
        return this.#settleLostPost(context, target, intent);
      case 'minting':
        return this.adoption.continue(context, target, intent);
      case 'kept':
        throw new Error('The client is kept already: the step after this one comes next.');
    }
  }

  undo(context: StepContext): Promise<Pick<Completed<Output>, 'intent' | 'commit'>> {
    return this.removal.remove(context);
  }

  async #post(
    context: StepContext,
    target: OnboardingTarget,
    before: Pick<PostingIntent, 'clientName' | 'posts' | 'unsure' | 'removing'>,
  ): Promise<Completed<Output>> {
    // Whatever can fail without consequences comes before the intent.
    const [dataKey, place] = await Promise.all([
      this.vault.ensureDataKey({ kind: 'customer', id: target.customerId }),
      this.keeping.reserve(target.customerId),
      this.parentAccess.token(target.tenantHost, callsOf(context)),
    ]);
    const posting = { ...before, phase: 'posting' as const, posts: before.posts + 1 };
    let postedAt = context.now();
    // Anew before each request: what follows from `at` must hold for the last of them.
    const beforeSend = async () => {
      postedAt = new Date((await context.commitIntent(posting)).at);
      context.guard(this.settings.callTimeoutMs);
    };
    try {
      const created = await this.creation.create(target, before.clientName, { ...callsOf(context), beforeSend });
      return await this.keeping.keep(context, target, dataKey, place, {
        ...created,
        createdBy: created.client.clientSecrets?.[0]?.createdBy,
        intent: {
          ...before,
          posts: posting.posts,
          mints: 0,
          postedAt,
          deadSecrets: [],
          knownHints: null,
        },
      });
    } catch (error) {
      if (!(error instanceof QlikError)) throw error;
      if (error.outcomeUnknown) throw waitUntil(this.settings.settledAt(postedAt), toRunError(error));
      // A refusal made nothing: the next attempt need not look for it, unless an earlier answer was lost.
      await (before.unsure ? context.commitIntent({ ...before, phase: 'posting' }) : context.clearIntent());
      throw error;
    }
  }

  async #settleLostPost(
    context: StepContext,
    target: OnboardingTarget,
    intent: PostingIntent,
  ): Promise<Completed<Output>> {
    const { clientName, posts, removing } = intent;
    const settledAt = this.settings.settledAt(intent.at);
    if (context.now() < settledAt) throw waitUntil(settledAt);
    const found = await this.oauthClients.list(target.tenantHost, { clientName }, callsOf(context));
    const oldest = [...found].sort(byAge)[0];
    if (oldest !== undefined) return this.adoption.adopt(context, target, intent, oldest);
    if (posts >= MAX_POSTS) {
      // Whoever retries the run gives it as many tries again.
      await context.commitIntent({ phase: 'posting', clientName, posts: 0, unsure: true, removing });
      throw needsAttention({
        code: 'CREATION_UNANSWERED',
        message: `Qlik was asked ${posts} times to create the OAuth client and never answered, nor is the client there.`,
        hint: 'Look at Qlik’s status page and at the tenant. Once Qlik answers again, retry the run: it looks for the client first.',
      });
    }
    return this.#post(context, target, { clientName, posts, unsure: true, removing });
  }
}

/** The oldest first, and among equals the smallest id: every process that looks comes to the same one. */
export function byAge(a: OAuthClient, b: OAuthClient): number {
  return a.createdAt.localeCompare(b.createdAt) || a.clientId.localeCompare(b.clientId);
}
