import type { Fault, Scene } from './fault.js';
import type { Random } from './random.js';
import type { Rig } from './rig/rig.js';
import { SignupBackend } from './rig/signup-backend.js';
import { ordinaryWorkers } from './rig/workers.js';
import { ForeignThings } from './verdict/foreign-things.js';

/** Makes a rig ready for a batch of so many customers: a Qlik that knows nobody, the fault's workers, and clients of somebody else's in some of the tenants. */
export async function setScene(fault: Fault, rig: Rig, prefix: string, size: number, random: Random): Promise<Scene> {
  await rig.restartSandbox();
  await rig.setWorkers(fault.workers?.(rig) ?? ordinaryWorkers);
  const names = Array.from({ length: size }, (_, index) => `${prefix}${index + 1}`);
  return {
    ...{ rig, prefix, names, random, signups: [] },
    backend: new SignupBackend(rig),
    foreign: await ForeignThings.plant(rig.sandbox, names),
  };
}
