import type { CreationIntent } from '../onboarding/creation-intent.js';
import { nextRemovalMove, type RemovalMove } from '../onboarding/removal-decision.js';
import type { ProvisioningSettings } from '../provisioning-settings.js';

/** What an offboarding does about clients that no row records: wait until every one that was asked for must show, or look for those of the names that its onboardings chose. Pure. */
export function nextSearchMove(
  creations: readonly CreationIntent[],
  now: Date,
  settings: Pick<ProvisioningSettings, 'settledAt'>,
): RemovalMove {
  const moves = creations.map((creation) => nextRemovalMove(creation, now, settings));
  const waits = moves.flatMap((move) => (move.kind === 'wait' ? [move.until.getTime()] : []));
  if (waits.length > 0) return { kind: 'wait', until: new Date(Math.max(...waits)) };
  return { kind: 'look', names: moves.flatMap((move) => (move.kind === 'look' ? move.names : [])) };
}
