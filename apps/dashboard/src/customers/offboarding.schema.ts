import { z } from 'zod';
import { Reason } from '../http/reason.schema.js';

/** Why an operator offboards a customer. */
export const NewOffboarding = z.strictObject({ reason: Reason });
export type NewOffboarding = z.output<typeof NewOffboarding>;

/** The run that does what was asked for. */
export interface BegunOffboarding {
  runId: string;
}
