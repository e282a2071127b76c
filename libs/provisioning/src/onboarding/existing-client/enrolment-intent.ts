import { z } from 'zod';
import { CreationIntent, type KeptIntent, type MintingIntent } from '../creation-intent.js';

const Fitting = z.object({
  /** The client's settings were, or are about to be, changed to what is wanted. */
  phase: z.literal('fitting'),
  /** Which of them: kept until the audit has it, should the process end in between. */
  changed: z.array(z.string()),
});

/** What `create-oauth-client` has set out to do with a client that the OEM had made: fitting → (minting →) kept. A client is never asked for. */
export type EnrolmentIntent = z.output<typeof Fitting> | MintingIntent | KeptIntent;

/** The intent a run committed, or null when it has none. */
export function parseEnrolmentIntent(intent: unknown): EnrolmentIntent | null {
  if (intent === null) return null;
  const parsed = z.union([Fitting, CreationIntent]).parse(intent);
  if (parsed.phase === 'posting') throw new Error('A client is never asked for where the customer has one.');
  return parsed;
}

/** The settings of the client that the intent says were changed. */
export function changedBy(intent: EnrolmentIntent | null): string[] {
  if (intent === null) return [];
  return intent.phase === 'fitting' ? intent.changed : (intent.existing?.changed ?? []);
}
