import { barsWholeWeek, isTimeZone } from '@app/customers';
import { z } from 'zod';
import { text } from '../schemas/text.schema.js';

const YEAR_SECONDS = 366 * 86_400;

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:30');
const day = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

const timeZone = text(64).refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/Berlin').meta({
  description:
    'Of the IANA database, such as Europe/Berlin: by its clock the blackout goes. UTC unless given. A time that the clock skips in spring is never met, one that it shows twice in autumn is barred twice.',
});

const blackout = z
  .array(
    z.strictObject({
      from: timeOfDay.meta({ description: 'The first minute in which no rotation begins.' }),
      to: timeOfDay.meta({
        description:
          'The first minute in which one may begin again. Not later than `from`: on the next day. So equal times hold 24 hours, and from 00:00 to 00:00 is the whole day.',
      }),
      days: z.array(day).min(1).max(7).meta({ description: 'The days on which it begins.' }),
    }),
  )
  .max(14)
  .refine((windows) => !barsWholeWeek(windows), 'must leave some time of the week in which a rotation can begin')
  .meta({
    description:
      'Times in which no rotation begins; one that falls into them begins at their end. None unless given. They must leave some time of the week.',
  });

/** When and how secrets are replaced. */
export const Rotation = z
  .strictObject({
    intervalSeconds: z
      .int()
      .min(60)
      .max(2 * YEAR_SECONDS)
      .optional()
      .meta({ description: 'From one rotation to the next. 90 days by default.' }),
    graceSeconds: z.int().min(0).max(YEAR_SECONDS).optional().meta({
      description:
        'How long the old secret stays valid beside the new one; at most the interval. A day by default, or a quarter of an interval that is shorter than that.',
    }),
    jitterSeconds: z.int().min(0).max(YEAR_SECONDS).optional().meta({
      description:
        'A rotation begins up to this much after its interval, which spreads the rotations of many customers. A tenth of the interval by default.',
    }),
    blackout: blackout.optional(),
    timeZone: timeZone.optional(),
    acknowledgement: z.enum(['none', 'read', 'call']).optional().meta({
      description:
        'What shows that the new secret is in use before the old one goes: nothing, that it was read, or that you said so. `read` by default.',
    }),
    deadlineSeconds: z.int().min(0).max(YEAR_SECONDS).optional().meta({
      description:
        'How long after the grace the acknowledgement is waited for; both together at most the interval, unless the acknowledgement is `none`. 7 days by default, or a quarter of an interval that leaves less than that.',
    }),
    force: z.boolean().optional().meta({
      description: 'Whether the old secret goes at the deadline even without the acknowledgement. False unless given.',
    }),
  })
  .refine(({ intervalSeconds = Infinity, graceSeconds = 0 }) => graceSeconds <= intervalSeconds, {
    path: ['graceSeconds'],
    message: 'must not be longer than intervalSeconds: the next rotation would begin within the grace of this one',
  })
  .refine(
    ({ intervalSeconds = Infinity, graceSeconds, deadlineSeconds = 0, acknowledgement }) =>
      graceSeconds === undefined ||
      acknowledgement === 'none' ||
      graceSeconds > intervalSeconds ||
      graceSeconds + deadlineSeconds <= intervalSeconds,
    {
      path: ['deadlineSeconds'],
      message:
        'must not be longer, together with graceSeconds, than intervalSeconds: the next rotation would begin before this one ends',
    },
  )
  .meta({
    id: 'Rotation',
    description:
      'When and how the secret is replaced. What is not given is as the installation is configured; the defaults named here are those of one that configures nothing.',
  });
