import { z } from 'zod';
import { asked, mayLackAnswer } from '../secrets/settled.js';

const known = {
  /** The hints the client had before the first mint of the run, so that what is newer can be told. */
  knownHints: z.array(z.string()),
  /** How many calls for a secret are of unknown outcome: their answers are lost, that of the last may yet come. Once a secret is stored, that call is among them. */
  mints: z.number().int(),
  /** Whether an answer was lost on the way, so that more may exist than we know of. */
  unsure: z.boolean(),
  /** Hints that were about to be deleted at Qlik: kept until the audit has them, should the process end in between. */
  removing: z.array(z.string()).default([]),
};

/** What a rotation has set out to do at Qlik; committed before every call that cannot be repeated. `at` is when. minting → minted. */
export const RotationIntent = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('minting'), at: z.coerce.date(), ...asked, ...known }),
  /** `postedAt`: when the last call was intended that may have acted; null where nothing was minted. */
  z.object({ phase: z.literal('minted'), at: z.coerce.date(), ...known, postedAt: z.coerce.date().nullable() }),
]);
export type RotationIntent = z.output<typeof RotationIntent>;
export type MintingIntent = Extract<RotationIntent, { phase: 'minting' }>;

/** When a secret was last asked for whose answer may have been lost, so that it may yet show; null where none can. */
export function findUnsureMint(intent: RotationIntent): Date | null {
  if (intent.phase === 'minting') return mayLackAnswer(intent) ? intent.at : null;
  return intent.unsure ? intent.postedAt : null;
}

/** The intent a run committed, or null when it has none. */
export function parseRotationIntent(intent: unknown): RotationIntent | null {
  return intent === null ? null : RotationIntent.parse(intent);
}
