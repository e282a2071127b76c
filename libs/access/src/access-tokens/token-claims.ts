import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Caller } from '../caller.js';
import { isScope, type Scope } from '../scopes.js';

/** The longest name of an actor in an audit event. */
const MAX_ID_LENGTH = 200;
const PLAIN = /^(?!sha256=)[\x21-\x7e]+$/;

/** Whom an issuer's token speaks for; undefined if it names nobody. */
export function callerOf(payload: JWTPayload, issuer: string): Caller | undefined {
  const subject = [payload.sub, payload.client_id].find((name) => typeof name === 'string' && name !== '');
  if (typeof subject !== 'string') return undefined;
  const id = idOf(issuer, subject);
  return { kind: 'jwt', id, name: id.slice(id.indexOf('#') + 1), scopes: scopesOf(payload), actor: id };
}

/** `jwt:<issuer>#<subject>`; a subject that is too long, or not of visible ASCII, is told by its SHA-256, and so is what looks like one. */
function idOf(issuer: string, subject: string): `jwt:${string}` {
  const id = `jwt:${issuer}#${subject}` as const;
  if (id.length <= MAX_ID_LENGTH && PLAIN.test(subject)) return id;
  return `jwt:${issuer}#sha256=${createHash('sha256').update(subject).digest('base64url')}`;
}

/** The scopes of ours among `scope` (RFC 8693, section 4.2) and `scp`, each a list or a text with spaces; others mean nothing here. */
function scopesOf({ scope, scp }: JWTPayload): Scope[] {
  const names = [scope, scp].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  return [...new Set(names.filter((name): name is Scope => typeof name === 'string' && isScope(name)))];
}
