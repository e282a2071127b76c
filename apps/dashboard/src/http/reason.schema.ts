import { z } from 'zod';

/** Why an operator does something: one line of text, kept in the audit trail. */
export const Reason = z
  .string()
  .trim()
  .min(1, 'must not be blank')
  .max(500)
  .refine((value) => !/\p{Cc}|\p{Surrogate}/u.test(value), 'must be one line of text');
