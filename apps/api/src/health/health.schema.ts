import { z } from 'zod';

/** Says that a probe passed. */
export const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
export type Health = z.output<typeof Health>;
