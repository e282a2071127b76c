import type { NamedClient } from '@app/qlik';
import type { KeptIntent } from './creation-intent.js';
import { isOnlyOfItsHint, type SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { isOurs } from '../secrets/whose-hint.js';

/** The ids of the clients beside the recorded one that go, and how many are not ours to delete. */
export interface OtherClients {
  duplicates: string[];
  unrecognised: number;
}

/** Decides for the clients that bear the intent's names. Those of the name that this run chose go; those found with a client that was taken over stay, since people at the tenant can read and imitate its name. Pure. */
export function sortOutNamed(
  { clientId, takenOver }: Pick<KeptIntent, 'clientId' | 'takenOver'>,
  named: readonly NamedClient[],
): OtherClients {
  const others = [...new Set(named.map((client) => client.clientId))].filter((id) => id !== clientId);
  return takenOver === true ? { duplicates: [], unrecognised: others.length } : { duplicates: others, unrecognised: 0 };
}

/** The hints of the secrets beside the recorded one that go, and how many are not ours to delete. */
export interface OtherSecrets {
  dead: string[];
  unrecognised: number;
}

/** Decides for each secret of the client beside `recorded`, whose maker the list tells where its mint did not; one that shares its hint with another goes in no case. Pure. */
export function sortOutSecrets(
  intent: Pick<KeptIntent, 'deadSecrets' | 'makerDecides' | 'knownHints'>,
  recorded: SecretAtQlik,
  secrets: readonly SecretAtQlik[],
): OtherSecrets {
  const others = secrets.filter(({ hint }) => hint !== recorded.hint);
  const [listed, ...more] = secrets.filter(({ hint }) => hint === recorded.hint);
  const createdBy = recorded.createdBy ?? (more.length === 0 ? listed?.createdBy : undefined);
  const known = { ...intent, recorded: [{ ...recorded, createdBy }] };
  const dead = others
    .filter((secret) => isOurs(secret, known) && isOnlyOfItsHint(secret, others))
    .map(({ hint }) => hint);
  return { dead, unrecognised: others.length - dead.length };
}
