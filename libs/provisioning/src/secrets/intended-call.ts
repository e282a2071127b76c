import { type Intent, type StepContext, waitUntil } from '@app/runs';
import type { ProvisioningSettings } from '../provisioning-settings.js';

/** Commits `intent` right before a call that cannot be repeated, and says when; nothing may be awaited between it and the call. Throws what must keep the call from being sent. */
export async function intendCall(
  context: StepContext,
  settings: Pick<ProvisioningSettings, 'callTimeoutMs' | 'settledAt'>,
  intent: Intent,
): Promise<Date> {
  const askedAt = context.now();
  const at = new Date((await context.commitIntent(intent)).at);
  const tookMs = context.now().getTime() - askedAt.getTime();
  // Whoever looks for the call's effect counts from `at`, also if the answer of the commit took, with a lease that is renewed all the while.
  if (tookMs > settings.callTimeoutMs) throw waitUntil(settings.settledAt(at), databaseSlow(tookMs));
  context.guard(settings.callTimeoutMs);
  return at;
}

const databaseSlow = (tookMs: number) => ({
  code: 'DATABASE_SLOW',
  message: `The database took ${Math.round(tookMs / 1_000)} s to commit what was about to be asked of Qlik, so that it was not asked.`,
  hint: 'Nothing, if it passes: the step looks at Qlik and asks again. Otherwise look at the database and at the way to it.',
});
