import type { Fault, Scene } from '../../fault.js';
import { rotate } from '../../rotations.js';
import { dieAtAwaits } from '../deaths-at-awaits.js';
import {
  type Crashed,
  endAtBoundaries,
  type Path,
  untilSucceeded,
  workersWithBoundaries,
} from '../exits-at-boundaries.js';
import { ofRotations } from './of-rotations.js';

/** Beside the consumers, which are in the same process. */
const LANES = 16;

const paths: readonly Path[] = [
  { lost: [], mode: 'graceful' },
  { lost: [{ kind: 'reset-after', operation: 'secret-create' }], mode: 'graceful' },
  { lost: [], mode: 'emergency' },
];

/** Rotations; who is onboarded for one is seen to by `onboard`. */
const rotations = (onboard: (scene: Scene, runId: string) => Promise<void>): Crashed => ({
  paths,
  prepare: async (scene, name, { mode = 'graceful' }) => {
    const { customerId, runId } = await scene.backend.onboard(name);
    await onboard(scene, runId);
    return () => scene.backend.rotate(customerId, mode, 'the suite');
  },
});

const takePath =
  ({ rotations: batch }: Scene) =>
  (name: string, { mode = 'graceful' }: Path): void =>
    void batch!.kindOf.set(name, mode);

/** R1, by a real exit. */
export const exitsInRotations: Fault = ofRotations({
  id: 'R1',
  title: 'rotation: a worker that ends itself after each claim, each call to Qlik and each commit',
  full: 320,
  ci: 12,
  workersEnd: true,
  workers: workersWithBoundaries,
  begin: (scene) => endAtBoundaries(scene, { ...rotations(untilSucceeded), mayDraw: true }, takePath(scene)),
});

/** R1, in process. */
export const deathsInRotations: Fault = ofRotations({
  id: 'R1i',
  title: 'rotation: crash after each claim, call to Qlik and commit, in process',
  full: 800,
  ci: 80,
  batch: 400,
  // Here the queue has nothing to do with it.
  backends: ['postgres'],
  // The workers that onboard end before the fault begins.
  workersEnd: true,
  begin: async (scene) => {
    await scene.rig.workers.end('SIGKILL');
    return dieAtAwaits(scene, (deliver) => rotations((_scene, runId) => deliver(runId)), takePath(scene), LANES);
  },
  accept: rotate,
});
