import { type StepContext, waitUntil } from '@app/runs';
import { z } from 'zod';
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

/** What an intent that stands before a call remembers of it. */
export const asked = {
  /** Whether no call of unknown outcome is left to wait for: the last one was refused, not sent, or answered, and those before it had their time. */
  settled: z.boolean().optional(),
};
type Asked = z.output<z.ZodObject<typeof asked>>;

/** Whether an answer is lost, or may yet be: that of the call the intent stands before counts as lost, unless the intent says otherwise. */
export const mayLackAnswer = ({ unsure, settled }: Asked & { unsure: boolean }): boolean => unsure || settled !== true;

/** `awaitSettled` for what an intent asked for, which may have been settled at once. */
export function awaitAsked(
  context: StepContext,
  settings: Pick<ProvisioningSettings, 'settledAt'>,
  { at, settled }: Asked & { at: Date },
): void {
  if (settled !== true) awaitSettled(context, settings, at);
}
