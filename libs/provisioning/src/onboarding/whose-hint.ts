import type { KeptIntent } from './creation-intent.js';
import type { SecretAtQlik } from './secrets-at-qlik.js';

/** What we know of a client's secrets when we meet one of them. */
export interface KnownSecrets extends Pick<KeptIntent, 'deadSecrets' | 'knownHints'> {
  /** The secrets that our secret versions record. */
  recorded: SecretAtQlik[];
}

/**
 * Whether a secret at Qlik is ours: recorded; or made by a lost answer of ours; or newer than the hints committed with a mint of
 * ours and made by the user who made our others. Anything else is foreign and never deleted.
 */
export function isOurs(secret: SecretAtQlik, { deadSecrets, knownHints, recorded }: KnownSecrets): boolean {
  const ours = [...recorded, ...deadSecrets];
  if (ours.some(({ hint }) => hint === secret.hint)) return true;
  if (knownHints === null || knownHints.includes(secret.hint)) return false;
  return secret.createdBy !== undefined && ours.some(({ createdBy }) => createdBy === secret.createdBy);
}
