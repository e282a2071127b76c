import type { Intent, RunError } from '@app/runs';
import { MAX_MINTS, MAX_SECRETS, mintUnanswered } from '../secrets/minting.js';
import type { SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { mayLackAnswer } from '../secrets/settled.js';
import { findDead, isAlone } from './our-secrets.js';
import type { MintingIntent } from './rotation-intent.js';
import type { LiveVersion } from './secret-versions.repository.js';

/** What is known before the next mint is intended. */
export type BeforeMint = Omit<MintingIntent, 'phase' | 'at' | 'settled'>;

/** What comes before a mint: hints to delete first; or what a person must mend, and the intent that is left meanwhile, if it changes. */
export type MintDecision =
  | { kind: 'mint'; before: BeforeMint; remove: string[]; retire: LiveVersion[]; hints: string[] }
  | { kind: 'give-up'; intent: Intent | null; error: RunError };

/** What there is when a mint is considered. */
export interface MintScene {
  clientId: string;
  intent: MintingIntent | null;
  /** Of our secret versions, all that are not revoked. */
  live: readonly LiveVersion[];
  /** What Qlik lists, once every former mint must show. */
  secrets: readonly SecretAtQlik[];
  /** Whether older secrets of ours may go before the new one is there. */
  isEmergency: boolean;
}

/** Decides how a new secret comes to be: what former mints of this run left behind goes first, and nothing that is not surely ours. Pure. */
export function beforeMint({ clientId, intent, live, secrets, isEmergency }: MintScene): MintDecision {
  const before: BeforeMint =
    intent === null
      ? { knownHints: secrets.map(({ hint }) => hint), mints: 0, unsure: false, removing: [] }
      : {
          knownHints: intent.knownHints,
          mints: intent.mints,
          unsure: mayLackAnswer(intent),
          removing: intent.removing,
        };
  // Where no answer was lost, nothing of ours is unknown: what is newer, a script of the OEM's made with our own parent client.
  const remove = findDead(live, secrets, before.unsure ? before.knownHints : null);
  // Whoever retries the run gives it as many tries again.
  if (before.mints >= MAX_MINTS)
    return {
      kind: 'give-up',
      intent: { ...before, phase: 'minting', mints: 0 },
      error: mintUnanswered(clientId, before.mints),
    };
  const rest = secrets.filter(({ hint }) => !remove.includes(hint));
  const replaceable = isEmergency ? live.filter((version) => isReplaceable(version, live, rest)) : [];
  const tooMany = Math.max(0, rest.length + 1 - MAX_SECRETS);
  if (tooMany > replaceable.length) return { kind: 'give-up', intent: null, error: secretCapacity(clientId) };
  const retire = replaceable.slice(0, tooMany);
  const gone = [...remove, ...retire.map(({ hint }) => hint)];
  return {
    kind: 'mint',
    before,
    remove,
    retire,
    hints: secrets.map(({ hint }) => hint).filter((hint) => !gone.includes(hint)),
  };
}

/** An older secret of ours that an emergency may delete to make room, the oldest first. */
function isReplaceable(version: LiveVersion, live: readonly LiveVersion[], secrets: readonly SecretAtQlik[]): boolean {
  const isShown = secrets.some(({ hint }) => hint === version.hint);
  return version.state === 'previous' && version.retiredAt === null && isShown && isAlone(version, live, secrets);
}

const secretCapacity = (clientId: string): RunError => ({
  code: 'SECRET_CAPACITY',
  message: `The OAuth client "${clientId}" has ${MAX_SECRETS} secrets, so that there is no room for a new one, and none of them may be deleted by us.`,
  hint: 'Delete a secret that nobody uses at Qlik, then retry the run.',
});
