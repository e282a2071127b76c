import { createHash } from 'node:crypto';
import { Secret } from '@app/platform';

/**
 * SHA-256, in hex, of a JSON value with its members in one order: equal for bodies that mean the same. A `Secret` counts by its own SHA-256:
 * who reads the hash can try values, so that a secret must not be one that can be guessed.
 */
export function hashCanonicalJson(value: unknown): string {
  return sha256(JSON.stringify(inOrder(value)));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function inOrder(value: unknown): unknown {
  // It has no members of its own, and would be hashed as an empty object.
  if (value instanceof Secret) return { secretSha256: sha256(value.reveal()) };
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  // Entries, not an object: a member named like a number would be put first.
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return { members: members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, inOrder(member)]) };
}
