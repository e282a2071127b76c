import { z } from 'zod';

/**
 * What a rotation is asked to do. graceful: the old secret stays through its grace. emergency: all others of ours go at once.
 * rollback: the secret of the version `restores` becomes current again, under a new version number.
 */
export const RotationInput = z.discriminatedUnion('mode', [
  z.object({ mode: z.enum(['graceful', 'emergency']) }),
  z.object({ mode: z.literal('rollback'), restores: z.uuid() }),
]);
export type RotationInput = z.output<typeof RotationInput>;

/** How a rotation treats the old secret. */
export type RotationMode = RotationInput['mode'];
