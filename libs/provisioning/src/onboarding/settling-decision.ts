import type { NamedClient } from '@app/qlik';
import type { KeptIntent } from './creation-intent.js';
import { isOnlyOfItsHint, type SecretAtQlik } from './secrets-at-qlik.js';
import { isOurs } from './whose-hint.js';

/** The clients, of those that bear the run's names, that go: all but the recorded one. Pure. */
export function findDuplicates({ clientId }: Pick<KeptIntent, 'clientId'>, named: readonly NamedClient[]): string[] {
  return [...new Set(named.map((client) => client.clientId))].filter((id) => id !== clientId);
}

/** The hints of the secrets beside the recorded one that go, and how many are not ours to delete. */
export interface OtherSecrets {
  dead: string[];
  unrecognised: number;
}

/** Decides for each secret of the client beside `recorded`; one that shares its hint with another goes in no case. Pure. */
export function sortOutSecrets(
  intent: Pick<KeptIntent, 'deadSecrets' | 'knownHints'>,
  recorded: SecretAtQlik,
  secrets: readonly SecretAtQlik[],
): OtherSecrets {
  const others = secrets.filter(({ hint }) => hint !== recorded.hint);
  const dead = others
    .filter((secret) => isOurs(secret, { ...intent, recorded: [recorded] }) && isOnlyOfItsHint(secret, others))
    .map(({ hint }) => hint);
  return { dead, unrecognised: others.length - dead.length };
}
