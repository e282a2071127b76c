import { QlikError } from '@app/qlik';
import { type Intent, type StepContext, waitUntil } from '@app/runs';
import { toRunError } from '../explain-failure.js';
import type { ProvisioningSettings } from '../provisioning-settings.js';

/** What is committed of a call that cannot be repeated. */
export interface CallIntent {
  /** Before each request. */
  asking: Intent;
  /** Once it is certain that the call made nothing; null for nothing. */
  unmade: Intent | null;
}

/** What a call that cannot be repeated was answered, and when its last request was intended. */
export interface Intended<Answer> {
  answer: Answer;
  postedAt: Date;
}

/**
 * Makes a call that cannot be repeated. `send` awaits what it is given right before each request, and sends another only after a refused one.
 * After a lost answer the step comes back when what was made must show. What was refused, or not sent, made nothing: the intent says so, lest it counts as lost.
 */
export async function makeIntendedCall<Answer>(
  context: StepContext,
  settings: Pick<ProvisioningSettings, 'callTimeoutMs' | 'settledAt'>,
  { asking, unmade }: CallIntent,
  send: (beforeSend: () => Promise<void>) => Promise<Answer>,
): Promise<Intended<Answer>> {
  const noteUnmade = () => (unmade === null ? context.clearIntent() : context.commitIntent(unmade));
  // Anew before each request: what follows from it must hold for the last of them.
  let postedAt = context.now();
  const beforeSend = async () => {
    const askedAt = context.now();
    postedAt = new Date((await context.commitIntent(asking)).at);
    try {
      throwIfSlow(context, settings, askedAt);
      context.guard(settings.callTimeoutMs);
    } catch (error) {
      await noteUnmade();
      throw error;
    }
  };
  try {
    return { answer: await send(beforeSend), postedAt };
  } catch (error) {
    // Of anything else than an answer of Qlik's it is not certain what it leaves.
    if (!(error instanceof QlikError)) throw error;
    if (error.outcomeUnknown) throw waitUntil(settings.settledAt(postedAt), toRunError(error));
    await noteUnmade();
    throw error;
  }
}

/** Whoever looks for the call's effect counts from the commit, also if its answer took, with a lease that is renewed all the while. */
function throwIfSlow(
  context: StepContext,
  { callTimeoutMs }: Pick<ProvisioningSettings, 'callTimeoutMs'>,
  askedAt: Date,
): void {
  const now = context.now().getTime();
  const tookMs = now - askedAt.getTime();
  if (tookMs > callTimeoutMs) throw waitUntil(new Date(now + callTimeoutMs), databaseSlow(tookMs));
}

const databaseSlow = (tookMs: number) => ({
  code: 'DATABASE_SLOW',
  message: `The database took ${Math.round(tookMs / 1_000)} s to commit what was about to be asked of Qlik, so that it was not asked.`,
  hint: 'Nothing, if it passes: the step asks a little later. Otherwise look at the database and at the way to it.',
});
