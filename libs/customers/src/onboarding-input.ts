import { z } from 'zod';
import { CLIENT_FIELDS } from './changes/customer-changes.js';

/** What an onboarding is asked to do beside its plan. */
export const OnboardingInput = z.object({
  /** What was changed after a client was asked for: the client may still have the old values. */
  changed: z.array(z.enum(CLIENT_FIELDS)).default([]),
});
export type OnboardingInput = z.output<typeof OnboardingInput>;

/** The steps of an onboarding that such a change concerns; its plan (provisioning) has them all. */
export const ONBOARDING_STEPS = {
  /** Sets what was changed, trusts the client's consent and reads it back. */
  setsClient: 'trust-consent',
  /** The step after it, which uses the client. */
  usesClient: 'verify-credential',
} as const;
