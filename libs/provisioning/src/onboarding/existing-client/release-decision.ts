import { isOnlyOfItsHint, type SecretAtQlik } from '../../secrets/secrets-at-qlik.js';
import type { EnrolmentIntent } from './enrolment-intent.js';
import { sortOutAfterEnrolment } from './enrolment-settling.js';

/** The hints of the secrets that go with an enrolment that is taken back, and how many of what came since it began are not surely ours. */
export interface ReleasedSecrets {
  hints: string[];
  unrecognised: number;
}

/** Whether the run has had a secret minted, or may have. Pure. */
export function mayHaveMinted(intent: EnrolmentIntent | null): boolean {
  return intent?.phase === 'minting' || (intent?.phase === 'kept' && intent.mints > 0);
}

/** Decides for each secret of the client: what the run minted goes; `recorded` is the one that was stored of it. What was there before, and what nobody can tell, stays. Pure. */
export function sortOutReleased(
  intent: EnrolmentIntent | null,
  recorded: SecretAtQlik | null,
  secrets: readonly SecretAtQlik[],
): ReleasedSecrets {
  if (intent === null || intent.phase === 'fitting' || !mayHaveMinted(intent)) return { hints: [], unrecognised: 0 };
  if (intent.phase === 'minting' || recorded === null) {
    const known = intent.knownHints ?? [];
    return { hints: [], unrecognised: secrets.filter(({ hint }) => !known.includes(hint)).length };
  }
  const { dead, unrecognised } = sortOutAfterEnrolment(intent, recorded, secrets);
  // One of a moment ago may not be listed yet: it is deleted by the hint that its answer told.
  const isShared = secrets.some(({ hint }) => hint === recorded.hint) && !isOnlyOfItsHint(recorded, secrets);
  return { hints: isShared ? dead : [recorded.hint, ...dead], unrecognised };
}
