import { createHash } from 'node:crypto';

/** SHA-256, in hex, of a JSON value with its members in one order: equal for bodies that mean the same. */
export function hashCanonicalJson(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(inOrder(value)))
    .digest('hex');
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  // Entries, not an object: a member named like a number would be put first.
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return { members: members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, inOrder(member)]) };
}
