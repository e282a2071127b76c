import { z } from 'zod';
import { CLIENT_FIELDS } from '../changes/customer-changes.js';

/** What a reconciliation knows when it begins. */
export const ReconciliationInput = z.object({
  /** What the audit has as detected and not as repaired; only the steps know its form. */
  told: z.array(z.unknown()).default([]),
  /** What somebody asked to be changed at Qlik and is not there yet: it is set, whatever the policy on drift, and is no drift. */
  changed: z.array(z.enum(CLIENT_FIELDS)).default([]),
});
export type ReconciliationInput = z.output<typeof ReconciliationInput>;

/** What a reconciliation has come to and not to the end of, as far as the next beginning must know. */
const Unfinished = z.object({ told: z.array(z.unknown()), changed: z.array(z.enum(CLIENT_FIELDS)).default([]) });

/** What a run that begins anew still knows: what it had come to or, before it came to anything, what it began with. Pure. */
export function inputOfNext({ intent, input }: { intent: unknown; input: unknown }): ReconciliationInput {
  const { data } = Unfinished.safeParse(intent);
  return data ?? ReconciliationInput.parse(input);
}
