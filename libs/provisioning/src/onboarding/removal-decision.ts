import type { ProvisioningSettings } from '../provisioning-settings.js';
import type { CreationIntent } from './creation-intent.js';

/** What taking back a creation does next: wait until every POST that may still act has shown, or look for the clients of the name that the run chose and delete them. */
export type RemovalMove = { kind: 'wait'; until: Date } | { kind: 'look'; names: string[] };

/** Decides by what was intended last. Pure. */
export function nextRemovalMove(
  intent: CreationIntent | null,
  now: Date,
  settings: Pick<ProvisioningSettings, 'settledAt'>,
): RemovalMove {
  if (intent === null) return { kind: 'look', names: [] };
  const settledAt = settings.settledAt(intent.phase === 'kept' ? intent.postedAt : intent.at);
  // What was taken over is deleted by its recorded id, if it came so far.
  const names = intent.takenOver === true ? [] : [intent.clientName];
  const answered = intent.phase === 'kept' && !intent.unsure;
  return !answered && now < settledAt ? { kind: 'wait', until: settledAt } : { kind: 'look', names };
}
