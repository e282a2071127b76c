import { z } from 'zod';
import { Reason } from '../http/reason.schema.js';

/** A rotation that an operator asks for: how it treats the old secret, and why. */
export const NewRotation = z.strictObject({
  mode: z.enum(['graceful', 'emergency']),
  reason: Reason,
});
export type NewRotation = z.output<typeof NewRotation>;

/** Why an operator goes back to the secret before. */
export const NewRollback = z.strictObject({ reason: Reason });
export type NewRollback = z.output<typeof NewRollback>;

/** Which version an operator knows the OEM to use. */
export const NewAcknowledgement = z.strictObject({ version: z.int().min(1) });
export type NewAcknowledgement = z.output<typeof NewAcknowledgement>;

/** The run that does what was asked for. */
export interface BegunRotation {
  runId: string;
}
