import { z } from 'zod';
import { Secret } from '@app/platform';

/** Settings of the queue: Redis where `REDIS_URL` is given, PostgreSQL where it is not. */
export const queueSettings = {
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')
    .transform((value) => new Secret(value))
    .optional(),
};
