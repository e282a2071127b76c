import type { SecretAtQlik } from '../../secrets/secrets-at-qlik.js';
import type { KeptIntent } from '../creation-intent.js';
import { type OtherSecrets, sortOutSecrets } from '../settling-decision.js';

/**
 * Decides for each secret beside `recorded` on a client that the OEM had made. What was there before the first mint is left, and not told of again. Of the
 * rest, what our maker made goes; but the OEM's own scripts may be that maker, so that none goes if there are more than answers of ours were lost. Pure.
 */
export function sortOutAfterEnrolment(
  { knownHints, mints }: Pick<KeptIntent, 'knownHints' | 'mints'>,
  recorded: SecretAtQlik,
  secrets: readonly SecretAtQlik[],
): OtherSecrets {
  const known = knownHints ?? [];
  const newer = secrets.filter(({ hint }) => hint === recorded.hint || !known.includes(hint));
  const others = sortOutSecrets({ deadSecrets: [], knownHints: known }, recorded, newer);
  // Of those that are counted, one is the recorded one.
  const lost = mints - 1;
  if (others.dead.length <= lost) return others;
  return { dead: [], unrecognised: others.dead.length + others.unrecognised };
}
