import { DomainError } from '@app/platform';
import { type Scope, scopes } from './scopes.js';

/** Who makes a request, and what they may. */
export interface Caller {
  kind: 'api-key' | 'jwt';
  /** Of the API key, or `jwt:<issuer>#<subject>`: at most 200 characters. */
  id: string;
  /** The key's name, or the token's subject. */
  name: string;
  scopes: readonly Scope[];
  /** How audit events name the caller: `api-key:<id>` or `jwt:<issuer>#<subject>`. */
  actor: `api-key:${string}` | `jwt:${string}`;
}

/** Throws SCOPE_MISSING, which names the scope, unless the caller holds it. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  const [who, next] =
    caller.kind === 'api-key'
      ? [`The API key "${caller.id}"`, "Make a key that holds it: a key's scopes never change."]
      : [`The access token of "${caller.id}"`, 'Have the issuer grant it, and get a new token.'];
  throw new DomainError(
    'forbidden',
    'SCOPE_MISSING',
    `${who} does not hold the scope "${scope}" (${scopes[scope]}) ${next}`,
    { facts: { scope } },
  );
}

/** Throws SCOPE_NOT_HELD, which names the scope, unless every scope of `granted` is among those held by who grants it. */
export function requireHeld(held: readonly string[], granted: readonly string[]): void {
  const lacking = granted.find((scope) => !held.includes(scope));
  if (lacking === undefined) return;
  throw new DomainError(
    'forbidden',
    'SCOPE_NOT_HELD',
    `You cannot give a key the scope "${lacking}", which you do not hold yourself. Ask somebody who holds it, or use the command line.`,
    { facts: { scope: lacking } },
  );
}
