import { DomainError } from '@app/platform';
import { type AuditAction, auditActions } from './audit-actions.js';

/** The chain of everything that belongs to no customer. */
export const SYSTEM_CHAIN = 'system';

/** What a caller tells the audit trail; number, time and hash are added when it is appended. */
export interface AuditEntry {
  /** The customer's id, or `system`. */
  chain: string;
  action: AuditAction;
  /** Who did it, e.g. `api-key:ab12`, `operator:jane`, `worker`: 1 to 200 characters. */
  actor: string;
  /** Ids of what it happened to, by name (`customerId`, `runId`, …): never names of people, hosts or secrets. At most 20, of 1 to 200 characters. */
  subject: Record<string, string>;
  /** Facts about the outcome: at most 30, texts of at most 1,000 characters, finite numbers. */
  data?: Record<string, string | number | boolean | null>;
  /** Of the request that caused it; by default that of the request context. At most 200 characters. */
  requestId?: string;
}

const CHAIN = /^(system|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const MEMBER = /^[a-zA-Z][a-zA-Z0-9]{0,39}$/;
// PostgreSQL stores neither NUL nor half of a surrogate pair.
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Throws `AUDIT_ENTRY_INVALID` for an entry that is over a bound, or that PostgreSQL would not give back as it was written. */
export function checkEntry(entry: AuditEntry): void {
  if (!CHAIN.test(entry.chain)) refuse(entry, 'chain', `must be a customer's id or '${SYSTEM_CHAIN}'`);
  if (!Object.hasOwn(auditActions, entry.action)) refuse(entry, 'action', 'must be a documented action');
  checkText(entry, 'actor', entry.actor, 1, 200);
  if (entry.requestId !== undefined) checkText(entry, 'requestId', entry.requestId, 1, 200);
  checkMembers(entry, 'subject', entry.subject, 20);
  for (const [name, value] of Object.entries(entry.subject)) checkText(entry, `subject.${name}`, value, 1, 200);
  checkMembers(entry, 'data', entry.data ?? {}, 30);
  for (const [name, value] of Object.entries(entry.data ?? {})) {
    if (value === null || typeof value === 'boolean' || Number.isFinite(value)) continue;
    checkText(entry, `data.${name}`, value, 0, 1000);
  }
}

function checkMembers(entry: AuditEntry, field: string, members: object, max: number): void {
  const names = Object.keys(members);
  if (names.length > max) refuse(entry, field, `has ${names.length} members; at most ${max} are kept`);
  if (!names.every((name) => MEMBER.test(name))) {
    refuse(entry, field, 'must name its members in letters and digits, a letter first, at most 40 characters');
  }
}

function checkText(entry: AuditEntry, field: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'string') refuse(entry, field, 'must be a text, a finite number, true, false or null');
  if (value.length < min || value.length > max) {
    refuse(entry, field, `has ${value.length} characters; ${min} to ${max} are kept`);
  }
  if (UNSTORABLE.test(value)) refuse(entry, field, 'must be well-formed text without NUL');
}

function refuse(entry: AuditEntry, field: string, rule: string): never {
  throw new DomainError(
    'invalid',
    'AUDIT_ENTRY_INVALID',
    `The audit event "${entry.action}" cannot be kept: ${field} ${rule}. Nothing was changed.`,
  );
}
