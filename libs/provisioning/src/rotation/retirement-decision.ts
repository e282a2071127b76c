import type { RunError } from '@app/runs';
import type { SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { findDead, isAlone, isKept } from './our-secrets.js';
import type { LiveVersion } from './secret-versions.repository.js';

/**
 * What retiring comes to: versions that are gone or go by `hints`, those that are let go of and stay at Qlik, dead hints of ours that nobody has the
 * secret of, and how many are not ours. Where a version that still works cannot be told from others, the rest goes all the same, and then a person must act.
 */
export type Retirement =
  | {
      kind: 'retire';
      versions: LiveVersion[];
      letGo: LiveVersion[];
      hints: string[];
      dead: string[];
      unrecognised: number;
    }
  | { kind: 'give-up'; hints: string[]; dead: string[]; error: RunError };

/** What there is when older secrets are to go. */
export interface RetirementScene {
  clientId: string;
  currentId: string;
  /** Of our secret versions, all that are not revoked. */
  live: readonly LiveVersion[];
  /** The ids of the older ones that still get a token: a hint alone does not say whose secret bears it now. */
  working: readonly string[];
  /** What Qlik lists. */
  secrets: readonly SecretAtQlik[];
  /** The hints before the run minted; null where it minted nothing. */
  knownHints: readonly string[] | null;
  /** Whether a version that came with a client of the OEM's, and cannot be told from the other secrets there, is let go of. */
  mayLetGo: boolean;
}

/** Decides for each secret of the client beside the current one. One that shares its hint with another goes in no case. Pure. */
export function decideRetirement({
  clientId,
  currentId,
  live,
  working,
  secrets,
  knownHints,
  mayLetGo,
}: RetirementScene): Retirement {
  const current = live.find(({ id }) => id === currentId);
  const previous = live.filter(({ id, state }) => id !== currentId && state === 'previous');
  const letGo = previous.filter(({ id, hint }) => mayLetGo && hint === null && working.includes(id));
  const versions = previous.filter((version) => !letGo.includes(version));
  const alive = versions.filter(
    (version) => working.includes(version.id) || (!isKept(version, live) && isShownAsOurs(version, secrets)),
  );
  const hints = alive.flatMap((one) => (one.hint !== null && isAlone(one, live, secrets) ? [one.hint] : []));
  const dead = findDead(live, secrets, knownHints);
  const unknown = alive.find(({ hint }) => hint === null);
  if (unknown !== undefined) return { kind: 'give-up', hints, dead, error: hintUnknown(clientId, unknown.version) };
  const shared = alive.find((version) => !isAlone(version, live, secrets));
  if (shared !== undefined) return { kind: 'give-up', hints, dead, error: hintShared(clientId, shared.version) };
  const explained = [
    ...hints,
    ...dead,
    current?.hint,
    ...live.filter(({ state }) => state === 'pending').map(({ hint }) => hint),
  ];
  const unrecognised = secrets.filter(({ hint }) => !explained.includes(hint)).length;
  return { kind: 'retire', versions, letGo, hints, dead, unrecognised };
}

/** Whether Qlik lists, once, a secret of the version's hint by the version's own maker. */
function isShownAsOurs({ hint, createdBy }: LiveVersion, secrets: readonly SecretAtQlik[]): boolean {
  const [shown, ...more] = secrets.filter((secret) => secret.hint === hint);
  return more.length === 0 && createdBy !== null && shown?.createdBy === createdBy;
}

const hintUnknown = (clientId: string, version: number): RunError => ({
  code: 'SECRET_UNRECOGNISED',
  message: `Which secret of the OAuth client "${clientId}" is version ${version} was never told, so that it cannot be deleted. What else of ours was to go is deleted.`,
  hint: 'Delete the old secret at Qlik by its date, then retry the run.',
});

const hintShared = (clientId: string, version: number): RunError => ({
  code: 'HINT_COLLISION',
  message: `Another secret of the OAuth client "${clientId}" has the hint of version ${version}, so that neither can be deleted alone. What else of ours was to go is deleted.`,
  hint: 'Delete at Qlik the one of the two that is not used, then retry the run.',
});
