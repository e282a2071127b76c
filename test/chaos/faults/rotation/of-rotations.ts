import type { Fault, Scene } from '../../fault.js';
import { prepareRotations, rotate, type RotationKind } from '../../rotations.js';

interface Customers {
  /** The kinds of rotation that it is about; all by default. */
  kinds?: readonly RotationKind[];
  /** Whether there are secrets of somebody else's on some clients; so by default. */
  withForeign?: boolean;
}

/** A fault that strikes while secrets are rotated, of customers that were onboarded before it began. */
export function ofRotations(
  fault: Omit<Fault, 'prepare' | 'accept'> & { accept?: Fault['accept'] },
  { kinds, withForeign = true }: Customers = {},
): Fault {
  return {
    ...fault,
    prepare: (scene: Scene) =>
      prepareRotations(scene, { withForeign, ...(kinds === undefined ? {} : { allowed: kinds }) }),
    accept: fault.accept ?? rotate,
  };
}
