import { z } from 'zod';
import { saying } from '../schemas/text.schema.js';

const reason = saying(500).meta({ description: 'Shown on the run, and kept in the audit trail.' });

/** How a secret is to be replaced, and why. */
export const NewRotation = z
  .strictObject({
    mode: z.enum(['graceful', 'emergency']).default('graceful').meta({
      description:
        '`graceful`: the old secret stays valid as the rotation policy says. `emergency`: every other secret of ours goes at once.',
    }),
    reason,
  })
  .meta({ id: 'NewRotation' });
export type NewRotation = z.output<typeof NewRotation>;

/** Why the last rotation is taken back. */
export const NewRollback = z.strictObject({ reason }).meta({ id: 'NewRollback' });
export type NewRollback = z.output<typeof NewRollback>;
