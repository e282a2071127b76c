import { z } from 'zod';
import { SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { asked } from '../secrets/settled.js';

const Removing = z.object({ clientIds: z.array(z.string()), hints: z.array(z.string()) });
type Removing = z.output<typeof Removing>;

const creation = {
  /** The client's unguessable name: whatever bears it was made by this run, unless the client was taken over. */
  clientName: z.string(),
  /** Whether the client was found at the tenant by what its name begins with: nothing that is known only so is deleted. */
  takenOver: z.boolean().optional(),
  /** Names of further clients found with it, which are left alone unless it is gone. */
  otherNames: z.array(z.string()).optional(),
  /** How many calls for a client are of unknown outcome: their answers are lost, that of the last may yet come. Once a client is kept, that call is among them. */
  posts: z.number().int(),
  /** Whether an answer was lost on the way, so that more may exist than we know of. */
  unsure: z.boolean(),
  /** For a client that the OEM had made: which of its settings were changed. Such a client is known by its id alone. */
  existing: z.object({ changed: z.array(z.string()) }).optional(),
  /** What was about to be deleted at Qlik: kept until the audit has it, should the process end in between. */
  removing: Removing.optional(),
};

const adoption = {
  clientId: z.string(),
  /** The same of calls for a secret. */
  mints: z.number().int(),
  /** Secrets that lost answers of ours made: nobody has their value. Empty when no client was adopted. */
  deadSecrets: z.array(SecretAtQlik),
  /** Whether a secret is ours only by its maker: the client may be old, so that others may have made secrets on it before we adopted it. */
  makerDecides: z.boolean().optional(),
  /** The hints the client had before the first mint, so that what is newer can be told; null when none was to be minted. */
  knownHints: z.array(z.string()).nullable(),
};

/**
 * What `create-oauth-client` has set out to do; committed before every call that cannot be repeated. `at` is when.
 * posting → kept, or after a lost answer: posting → (posting →) minting → kept.
 */
export const CreationIntent = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('posting'), at: z.coerce.date(), ...asked, ...creation }),
  z.object({ phase: z.literal('minting'), at: z.coerce.date(), ...asked, ...creation, ...adoption }),
  /** `postedAt`: when the last call was intended that may have acted. */
  z.object({ phase: z.literal('kept'), at: z.coerce.date(), ...creation, ...adoption, postedAt: z.coerce.date() }),
]);
export type CreationIntent = z.output<typeof CreationIntent>;
export type PostingIntent = Extract<CreationIntent, { phase: 'posting' }>;
export type MintingIntent = Extract<CreationIntent, { phase: 'minting' }>;
export type KeptIntent = Extract<CreationIntent, { phase: 'kept' }>;

/** The intent a run committed, or null when it has none. */
export function parseCreationIntent(intent: unknown): CreationIntent | null {
  return intent === null ? null : CreationIntent.parse(intent);
}

/** Every name under which the intent may have a client at Qlik, or has found one to take over. */
export function namesOf({
  clientName,
  otherNames = [],
  existing,
}: Pick<CreationIntent, 'clientName' | 'otherNames' | 'existing'>): string[] {
  return existing === undefined ? [clientName, ...otherNames] : [];
}

/** What is about to be deleted, with what earlier attempts were about to delete. */
export function addToRemoving(removing: Removing | undefined, more: Partial<Removing>): Removing {
  return {
    clientIds: [...new Set([...(removing?.clientIds ?? []), ...(more.clientIds ?? [])])],
    hints: [...new Set([...(removing?.hints ?? []), ...(more.hints ?? [])])],
  };
}
