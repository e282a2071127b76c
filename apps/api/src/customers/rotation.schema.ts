import { z } from 'zod';
import { text } from '../schemas/text.schema.js';

const YEAR_SECONDS = 366 * 86_400;

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:30');
const day = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

const timeZone = text(64)
  .refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/Berlin')
  .meta({ description: 'Of the IANA database, such as Europe/Berlin: in which the blackout times are.' });

/** When and how secrets are replaced. */
export const Rotation = z
  .strictObject({
    intervalSeconds: z
      .int()
      .min(60)
      .max(2 * YEAR_SECONDS)
      .optional()
      .meta({ description: 'From one rotation to the next.' }),
    graceSeconds: z
      .int()
      .min(0)
      .max(YEAR_SECONDS)
      .optional()
      .meta({ description: 'How long the old secret stays valid.' }),
    jitterSeconds: z
      .int()
      .min(0)
      .max(YEAR_SECONDS)
      .optional()
      .meta({ description: 'Spreads the rotations of many customers.' }),
    blackout: z
      .array(z.strictObject({ from: timeOfDay, to: timeOfDay, days: z.array(day).min(1).max(7) }))
      .max(14)
      .optional()
      .meta({ description: 'Times in which no rotation begins.' }),
    timeZone: timeZone.optional(),
    acknowledgement: z
      .enum(['none', 'read', 'call'])
      .optional()
      .meta({ description: 'What shows that the new secret is in use before the old one goes.' }),
    deadlineSeconds: z
      .int()
      .min(0)
      .max(YEAR_SECONDS)
      .optional()
      .meta({ description: 'How long the acknowledgement is waited for.' }),
    force: z.boolean().optional().meta({ description: 'Whether the old secret goes at the deadline all the same.' }),
  })
  .meta({ id: 'Rotation', description: 'When and how the secret is replaced. Kept now, acted on by a later version.' });

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
