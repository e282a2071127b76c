import { z } from 'zod';

// PostgreSQL stores neither NUL nor half of a surrogate pair; the other control characters, and those that turn the direction of
// writing around, have no place in a line that people read.
const UNUSABLE = /\p{Cc}|\p{Surrogate}|\p{Bidi_Control}/u;

/** Characters that show nothing. */
const INVISIBLE = /[\s\p{Cf}]/gu;

/** One line of text of 1 to `max` characters. */
export const text = (max: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max)
    .refine((value) => !UNUSABLE.test(value), 'must not contain control characters or broken Unicode');

/** One line of text that says something. */
export const saying = (max: number) =>
  text(max).refine((value) => value.replaceAll(INVISIBLE, '') !== '', 'must not be blank');

/** For a list whose items must differ, with `hasNoRepeats`. */
export const REPEATS = 'must not repeat an item';

/** Whether the items of a list differ. */
export const hasNoRepeats = (items: readonly string[]): boolean => new Set(items).size === items.length;

/** An instant as it is shown. */
export const instant = z.iso.datetime().meta({ description: 'UTC, to the millisecond.' });

/** Whether an instant is in a year that PostgreSQL reads: no year 0, and none of six digits as JavaScript writes them. Of what is no instant at all nothing is said. */
export function isOfOurCalendar(time: Date): boolean {
  const year = time.getUTCFullYear();
  return Number.isNaN(year) || (year >= 1 && year <= 9999);
}

/** An instant as a request gives it, with its offset. */
export const moment = z.iso
  .datetime({ offset: true })
  .max(40)
  .refine((value) => isOfOurCalendar(new Date(value)), 'must be in one of the years 1 to 9999 of UTC');

/** The id of a thing of ours. */
export const id = z.uuid();

/** Which page: `nextCursor` of the page before. */
export const cursor = z
  .uuid('is not a cursor of ours: begin again without it, or send the nextCursor of the page before unchanged')
  .meta({ description: '`nextCursor` of the page before.' });

/** How much is on a page. */
export const limit = (max: number) => z.coerce.number().int().min(1).max(max).default(25);
