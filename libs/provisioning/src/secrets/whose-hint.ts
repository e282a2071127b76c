import type { SecretAtQlik } from './secrets-at-qlik.js';

/** What we know of a client's secrets when we meet one of them. */
export interface KnownSecrets {
  /** The secrets that our secret versions record. */
  recorded: readonly SecretAtQlik[];
  /** Secrets that lost answers of ours made: nobody has their value. */
  deadSecrets: readonly SecretAtQlik[];
  /** Whether a secret is ours only by its maker: the client may be old, so that others may have made secrets on it. */
  makerDecides?: boolean | undefined;
  /** The hints the client had before the first mint, so that what is newer can be told; null when none was to be minted. */
  knownHints: readonly string[] | null;
}

/**
 * Whether a secret at Qlik is ours: recorded; or on the client when we adopted it, unless it shows a maker who is not known to have made
 * the recorded ones; or newer than the hints committed with a mint of ours and made by the user who made our others.
 * On a client that may be old, it is ours only if it is recorded, or made by the user who made the recorded one. Anything else is foreign and never deleted.
 */
export function isOurs(secret: SecretAtQlik, known: KnownSecrets): boolean {
  const { deadSecrets, makerDecides, knownHints, recorded } = known;
  if (recorded.some(({ hint }) => hint === secret.hint)) return true;
  const recordedMakers = makersOf(recorded);
  if (makerDecides === true) return secret.createdBy !== undefined && recordedMakers.includes(secret.createdBy);
  const makers = recorded.length > 0 ? recordedMakers : makersOf(deadSecrets);
  const isByUs = secret.createdBy !== undefined && makers.includes(secret.createdBy);
  if (deadSecrets.some(({ hint }) => hint === secret.hint)) return isByUs || secret.createdBy === undefined;
  if (knownHints === null || knownHints.includes(secret.hint)) return false;
  return isByUs;
}

/** Whether Qlik names at most one user who made these secrets. */
export function areOfOneMaker(secrets: readonly SecretAtQlik[]): boolean {
  return new Set(makersOf(secrets)).size <= 1;
}

const makersOf = (secrets: readonly SecretAtQlik[]): string[] =>
  secrets.flatMap(({ createdBy }) => (createdBy === undefined ? [] : [createdBy]));
