import type { Intent, RunError } from '@app/runs';
import type { MintingIntent, PostingIntent } from './creation-intent.js';
import { isOnlyOfItsHint, type SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { MAX_MINTS, MAX_SECRETS, mintUnanswered } from '../secrets/minting.js';
import { areOfOneMaker, isOurs } from '../secrets/whose-hint.js';

/** What is known of a client that is being adopted, before the next mint is intended. */
export type Adoption = Omit<MintingIntent, 'phase' | 'at'>;

/**
 * What an adoption begins with. Of a client that a POST of this run has just made, nobody has the one secret. Of one that was taken over, or that has
 * more than the one secret that a POST makes, somebody else may have made some, long ago: none is taken for dead. Pure.
 */
export function beginAdoption(intent: PostingIntent, clientId: string, secrets: readonly SecretAtQlik[]): Adoption {
  const makerDecides = intent.takenOver === true || secrets.length > 1;
  const deadSecrets = makerDecides ? [] : [...secrets];
  return { ...intent, unsure: true, clientId, mints: 0, deadSecrets, makerDecides, knownHints: null };
}

/** How an adoption goes on after a mint whose answer was lost. */
export type MintDecision = { kind: 'mint'; adoption: Adoption } | { kind: 'give-up'; intent: Intent; error: RunError };

/** Decides by the secrets the client has, now that the lost one must show. Pure. */
export function afterLostMint(intent: MintingIntent, secrets: readonly SecretAtQlik[]): MintDecision {
  const deadSecrets = secrets.filter((secret) => isOurs(secret, { ...intent, recorded: [] }));
  const { clientId, mints } = intent;
  if (mints < MAX_MINTS) return { kind: 'mint', adoption: { ...intent, deadSecrets } };
  // Whoever retries the run gives it as many tries again.
  return {
    kind: 'give-up',
    intent: { ...intent, deadSecrets, mints: 0 },
    error: mintUnanswered(clientId, mints),
  };
}

/** Whether the client has room for one more secret: yes, or once a dead one of ours is deleted by its hint, or not at all. */
export type RoomDecision = { kind: 'room' } | { kind: 'delete'; hint: string } | { kind: 'full'; error: RunError };

/** Decides by the secrets the client has. Pure. */
export function findRoom(adoption: Adoption, secrets: readonly SecretAtQlik[]): RoomDecision {
  if (secrets.length < MAX_SECRETS) return { kind: 'room' };
  const dead = secrets.find(
    (secret) => isOurs(secret, { ...adoption, recorded: [] }) && isOnlyOfItsHint(secret, secrets),
  );
  // One came with the client and one with each mint: of more, some are somebody else's, and which of the makers is us shows only once a secret was minted.
  const canAllBeOurs = areOfOneMaker(secrets) && secrets.length <= 1 + adoption.mints;
  if (dead !== undefined && canAllBeOurs) return { kind: 'delete', hint: dead.hint };
  const error = {
    code: 'SECRET_CAPACITY',
    message: `The OAuth client "${adoption.clientId}" has ${MAX_SECRETS} secrets, and none of them is surely ours to delete.`,
    hint: 'Delete a secret that nobody uses at Qlik, then retry the run.',
  };
  return { kind: 'full', error };
}
