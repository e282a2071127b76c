import { DomainError } from '@app/platform';
import { requireHeld } from './caller.js';
import { isScope, type Scope, scopes } from './scopes.js';

/** The longest that an API key may live: 366 days, so that a key which nobody minds any more ends by itself. */
export const API_KEY_MAX_LIFETIME_MS = 366 * 86_400_000;

const NAME = /^[^\p{C}]{1,100}$/u;

/** What somebody asks for who makes an API key. */
export interface NewApiKey {
  /** Whose key it is, for people: 1 to 100 characters. */
  name: string;
  /** What the key allows: at least one scope. Scopes that do not exist are refused with SCOPE_UNKNOWN. */
  scopes: readonly string[];
  /** At most `API_KEY_MAX_LIFETIME_MS` from now. */
  expiresAt: Date;
  /** Who makes it, e.g. `cli`. */
  actor: string;
  /** The scopes that its maker holds, none but which it can give; absent for who may give any. */
  heldScopes?: readonly Scope[] | undefined;
}

/** Whether an API key may have this name: 1 to 100 printable characters, not all of them blank. */
export const isApiKeyName = (name: string): boolean => name.trim() !== '' && NAME.test(name);

/** The scopes asked for, each once. Throws API_KEY_NAME_INVALID, SCOPE_UNKNOWN, SCOPE_NOT_HELD or API_KEY_EXPIRY_INVALID. */
export function checkNewApiKey(request: NewApiKey, now: Date): Scope[] {
  if (!isApiKeyName(request.name)) {
    throw new DomainError(
      'invalid',
      'API_KEY_NAME_INVALID',
      'The name of an API key must have 1 to 100 printable characters: name the system that will use it.',
    );
  }
  const unknown = request.scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined || request.scopes.length === 0) {
    throw new DomainError(
      'invalid',
      'SCOPE_UNKNOWN',
      `${unknown === undefined ? 'No scope is given' : `There is no scope "${unknown}"`}. The scopes are: ${Object.keys(scopes).join(', ')}.`,
    );
  }
  if (request.heldScopes !== undefined) requireHeld(request.heldScopes, request.scopes);
  const lifetimeMs = request.expiresAt.getTime() - now.getTime();
  if (!(lifetimeMs > 0 && lifetimeMs <= API_KEY_MAX_LIFETIME_MS)) {
    throw new DomainError(
      'invalid',
      'API_KEY_EXPIRY_INVALID',
      'An API key must expire in the future, and within 366 days: give a shorter time.',
    );
  }
  return [...new Set(request.scopes.filter(isScope))];
}
