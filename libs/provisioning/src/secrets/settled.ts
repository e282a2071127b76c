import { type StepContext, waitUntil } from '@app/runs';
import type { ProvisioningSettings } from '../provisioning-settings.js';

/** Has the step come back when everything that was asked for at `postedAt` or before is sure to show, unless that is so already. */
export function awaitSettled(
  context: StepContext,
  settings: Pick<ProvisioningSettings, 'settledAt'>,
  postedAt: Date,
): void {
  const settledAt = settings.settledAt(postedAt);
  if (context.now() < settledAt) throw waitUntil(settledAt);
}

/** The same for what an intent asked for, which may have been settled at once. */
export function awaitAsked(
  context: StepContext,
  settings: Pick<ProvisioningSettings, 'settledAt'>,
  { at, settled }: { at: Date; settled?: boolean | undefined },
): void {
  if (settled !== true) awaitSettled(context, settings, at);
}
