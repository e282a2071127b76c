import { DomainError } from '@app/platform';
import { type Scope, scopes } from './scopes.js';

/** Who makes a request, and what they may. */
export interface Caller {
  kind: 'api-key';
  /** Of the API key. */
  id: string;
  name: string;
  scopes: readonly Scope[];
  /** How audit events name the caller: `api-key:<id>`. */
  actor: `api-key:${string}`;
}

/** Throws SCOPE_MISSING, which names the scope, unless the caller holds it. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  throw new DomainError(
    'forbidden',
    'SCOPE_MISSING',
    `The API key "${caller.id}" does not hold the scope "${scope}" (${scopes[scope]}) Make a key that holds it: a key's scopes never change.`,
    { facts: { scope } },
  );
}
