import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disturbance, Fault, Scene } from '../fault.js';
import { until } from '../patiently.js';
import type { Rig } from '../rig/rig.js';
import { hostOf } from '../rig/signup-backend.js';
import type { WorkerSetup } from '../rig/workers.js';
import { CALM } from '../seams/crash-boundaries.js';
import { respawnWorkers } from './respawn-workers.js';

/** One way that a run can take: Qlik loses the answers to these calls, once each. */
export interface Path {
  lost: readonly object[];
  /** How the secret is rotated, where it is. */
  mode?: 'graceful' | 'emergency';
}

/** What is to be crashed. */
export interface Crashed {
  paths: readonly Path[];
  /** Sees to everything that a run needs for a customer of this name, of no batch; what it gives begins the run. */
  prepare: (scene: Scene, name: string, path: Path) => Promise<() => Promise<string>>;
  /** How many customers the profile `ci` may have too few for all boundaries; then some are drawn. */
  mayDraw?: boolean;
}

/** Onboardings, with a boundary on each path that lost answers make. */
export const onboardings: Crashed = {
  paths: [
    { lost: [] },
    { lost: [{ kind: 'reset-after', operation: 'create' }] },
    {
      lost: [
        { kind: 'reset-after', operation: 'create' },
        { kind: 'reset-after', operation: 'secret-create' },
      ],
    },
  ],
  prepare: ({ backend }, name) => Promise.resolve(async () => (await backend.onboard(name)).runId),
};

/** How long an undisturbed run may take. */
const DRY_RUN_MS = 60_000;

interface Boundary {
  name: string;
  path: Path;
}

const folderOf = (rig: Rig): string => join(rig.folder, 'crashes');

/** Has Qlik lose the answers to these calls of a tenant. */
export async function loseAnswers({ rig }: Scene, tenantHost: string, lost: readonly object[]): Promise<void> {
  for (const fault of lost) await rig.sandbox.addFault({ ...fault, tenantHost, times: 1 });
}

/** Resolves when the run has succeeded. */
export async function untilSucceeded({ backend }: Scene, runId: string): Promise<void> {
  await until(
    async () => (await backend.run(runId)).state === 'succeeded',
    DRY_RUN_MS,
    () => `The run "${runId}", which nothing disturbs, does not end.`,
  );
}

/** Every boundary that a run passes which nothing kills, and on which path it is met. */
async function listBoundaries(scene: Scene, { paths, prepare }: Crashed): Promise<Boundary[]> {
  const boundaries = new Map<string, Boundary>();
  for (const [index, path] of paths.entries()) {
    const name = `dry-${scene.prefix}${index}`;
    const begin = await prepare(scene, name, path);
    const passed = join(folderOf(scene.rig), `${hostOf(name)}.passed`);
    writeFileSync(passed, '');
    await loseAnswers(scene, hostOf(name), path.lost);
    await untilSucceeded(scene, await begin());
    for (const boundary of readFileSync(passed, 'utf8').split('\n').slice(0, -1)) {
      if (!boundaries.has(boundary)) boundaries.set(boundary, { name: boundary, path });
    }
  }
  return [...boundaries.values()];
}

/** Workers that can end themselves at a boundary; a death takes few other runs with it. */
export function workersWithBoundaries(rig: Rig): readonly WorkerSetup[] {
  const setup = { edits: ['boundaries'], env: { CHAOS_CRASH_FOLDER: folderOf(rig), WORKER_CONCURRENCY: '3' } };
  return [setup, setup, setup];
}

/** Has a worker end itself in the run of each customer, at one boundary after the other; `tell` hears on which path a customer's run is. */
export async function endAtBoundaries(
  scene: Scene,
  crashed: Crashed,
  tell: (name: string, path: Path) => void = () => undefined,
): Promise<Disturbance> {
  const folder = folderOf(scene.rig);
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, CALM), { force: true });
  const boundaries = await listBoundaries(scene, crashed);
  if (boundaries.length > scene.names.length && crashed.mayDraw !== true) {
    throw new Error(`There are ${scene.names.length} runs for ${boundaries.length} boundaries: raise "full".`);
  }
  const first = crashed.mayDraw === true ? scene.random.between(0, boundaries.length - 1) : 0;
  // Where there are too few for all of them, these lie far from each other.
  const stride = Math.max(1, Math.floor(boundaries.length / scene.names.length));
  for (const [index, name] of scene.names.entries()) {
    const boundary = boundaries[(first + index * stride) % boundaries.length]!;
    tell(name, boundary.path);
    writeFileSync(join(folder, `${hostOf(name)}.dies`), boundary.name);
    await loseAnswers(scene, hostOf(name), boundary.path.lost);
  }
  const respawning = respawnWorkers(scene);
  return {
    end: async () => {
      // Else those that are put in last could die again, with nobody there to put in others.
      writeFileSync(join(folder, CALM), '');
      await respawning.end();
      const died = readdirSync(folder).filter((file) => file.endsWith('.died')).length;
      await scene.rig.sandbox.clearFaults();
      // The calm stays: a worker that looked without it at what is deleted last would die.
      for (const file of readdirSync(folder)) if (file !== CALM) rmSync(join(folder, file));
      return died;
    },
  };
}

/** F1, by a real exit: between two of these nothing happens that anybody else could see. */
export const exitsAtBoundaries: Fault = {
  id: 'F1',
  title: 'a worker that ends itself after each claim, each call to Qlik and each commit of an onboarding',
  full: 350,
  workersEnd: true,
  workers: workersWithBoundaries,
  begin: (scene) => endAtBoundaries(scene, onboardings),
};
