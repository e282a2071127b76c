import { createHash } from 'node:crypto';

/** What the hash of an event covers: all that is stored of it. */
export interface HashedEvent {
  previousHash: string;
  chain: string;
  sequence: number;
  id: string;
  occurredAt: Date;
  action: string;
  actor: string;
  subject: Record<string, unknown>;
  data: Record<string, unknown>;
  requestId: string | null;
}

/** The `previousHash` of the first event of a chain. */
export const GENESIS_HASH = '0'.repeat(64);

/**
 * The hash of an event: SHA-256, in lower-case hex, of the UTF-8 bytes of this JSON text.
 * One object with exactly the members action, actor, chain, data, id, occurredAt, previousHash, requestId, sequence, subject;
 * the members of every object in ascending order of their UTF-16 code units; no white space; strings and numbers as
 * ECMAScript's JSON.stringify writes them (the forms of RFC 8785); occurredAt as `YYYY-MM-DDTHH:mm:ss.sssZ`; an absent requestId is null.
 */
export function hashEvent(event: HashedEvent): string {
  const text = canonicalJson({
    previousHash: event.previousHash,
    chain: event.chain,
    sequence: event.sequence,
    id: event.id,
    occurredAt: event.occurredAt.toISOString(),
    action: event.action,
    actor: event.actor,
    subject: event.subject,
    data: event.data,
    requestId: event.requestId,
  });
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
