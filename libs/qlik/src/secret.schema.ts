import { Secret } from '@app/platform';
import { z } from 'zod';

/** A secret in an answer of Qlik's: it leaves the parser as a `Secret`. */
export const secretSchema = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));
