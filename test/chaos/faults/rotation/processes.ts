import type { Fault } from '../../fault.js';
import { rotate } from '../../rotations.js';
import { hostOf } from '../../rig/signup-backend.js';
import { allAtOnce } from '../all-at-once.js';
import { silentSweeps, skewedClocks, sweeps } from '../clocks-and-sweeps.js';
import { postgresOutages } from '../postgres-outages.js';
import { redisOutages } from '../redis-outages.js';
import { frozenWorkers, killedWorkers, rollingRestart } from '../worker-ends.js';
import { ofRotations } from './of-rotations.js';

/** A fault of the table as it strikes rotations. */
const again = (fault: Fault, own: Pick<Fault, 'id' | 'full'> & Partial<Fault>): Fault => ({
  ...fault,
  accept: rotate,
  ...own,
  title: `rotation: ${own.title ?? fault.title}`,
});

/** R6 */
export const killedInRotations = ofRotations(again(killedWorkers, { id: 'R6', full: 400, perSecond: 8 }));

/** R7 */
export const frozenInRotations = ofRotations(again(frozenWorkers, { id: 'R7', full: 300, perSecond: 6 }));

/** R8 */
export const redisInRotations = ofRotations(
  again(redisOutages, { id: 'R8', full: 200, title: 'Redis: FLUSHALL; SIGKILL without AOF; 10 s down', perSecond: 4 }),
);

/** R9 */
export const postgresInRotations = ofRotations(again(postgresOutages, { id: 'R9', full: 200, perSecond: 6 }));

/** R11: begun by the schedule alone, which every worker looks at. */
export const sweepsOfRotations = ofRotations(again(sweeps, { id: 'R11', full: 200, perSecond: 20 }), {
  kinds: ['scheduled'],
});

/** R11, silent. */
export const silentSweepsOfRotations = ofRotations(again(silentSweeps, { id: 'R11s', full: 100, perSecond: 20 }), {
  kinds: ['scheduled', 'graceful'],
});

/** R12 */
export const skewedInRotations = ofRotations(again(skewedClocks, { id: 'R12', full: 200 }));

/** R13 */
export const restartedInRotations = ofRotations(again(rollingRestart, { id: 'R13', full: 200, perSecond: 5 }));

/** R21 */
export const allAtOnceInRotations = ofRotations(
  again(allAtOnce, {
    id: 'R21',
    full: 2_000,
    ci: 200,
    batch: 500,
    perSecond: 20,
    title: 'R2 to R13 at once',
    accept: async (scene, name) => {
      const { rig, random } = scene;
      const settings = { lagMs: random.between(0, 250), unknowns: { secretPropagationMs: random.between(0, 1_000) } };
      await rig.sandbox.setTenant(hostOf(name), settings);
      return rotate(scene, name);
    },
  }),
);
