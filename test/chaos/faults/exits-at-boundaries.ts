import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault, Scene } from '../fault.js';
import { until } from '../patiently.js';
import type { Rig } from '../rig/rig.js';
import { hostOf } from '../rig/signup-backend.js';
import { respawnWorkers } from './respawn-workers.js';

/** What Qlik does to an onboarding, so that there are boundaries on other paths as well: answers that are lost, once each. */
export const lostAnswers: readonly (readonly object[])[] = [
  [],
  [{ kind: 'reset-after', operation: 'create' }],
  [
    { kind: 'reset-after', operation: 'create' },
    { kind: 'reset-after', operation: 'secret-create' },
  ],
];

/** How long an undisturbed onboarding may take. */
const DRY_RUN_MS = 60_000;

interface Boundary {
  name: string;
  lost: readonly object[];
}

const folderOf = (rig: Rig): string => join(rig.folder, 'crashes');

/** Has Qlik lose the answers to these calls of a tenant. */
export async function loseAnswers({ rig }: Scene, tenantHost: string, lost: readonly object[]): Promise<void> {
  for (const fault of lost) await rig.sandbox.addFault({ ...fault, tenantHost, times: 1 });
}

/** Every boundary that an onboarding passes which nothing kills, and on which path it is met. */
async function listBoundaries(scene: Scene): Promise<Boundary[]> {
  const boundaries = new Map<string, Boundary>();
  for (const [path, lost] of lostAnswers.entries()) {
    const name = `dry-${scene.prefix}${path}`;
    const passed = join(folderOf(scene.rig), `${hostOf(name)}.passed`);
    writeFileSync(passed, '');
    await loseAnswers(scene, hostOf(name), lost);
    const { runId } = await scene.backend.onboard(name);
    await until(
      async () => (await scene.backend.run(runId)).state === 'succeeded',
      DRY_RUN_MS,
      () => `The onboarding "${name}", which nothing disturbs, does not end.`,
    );
    for (const boundary of readFileSync(passed, 'utf8').split('\n').slice(0, -1)) {
      if (!boundaries.has(boundary)) boundaries.set(boundary, { name: boundary, lost });
    }
  }
  return [...boundaries.values()];
}

/** F1, by a real exit: between two of these nothing happens that anybody else could see. */
export const exitsAtBoundaries: Fault = {
  id: 'F1',
  title: 'a worker that ends itself after each claim, each call to Qlik and each commit of an onboarding',
  full: 350,
  workersEnd: true,
  workers: (rig) => {
    const setup = {
      edits: ['boundaries'],
      // A death takes few others with it.
      env: { CHAOS_CRASH_FOLDER: folderOf(rig), WORKER_CONCURRENCY: '3' },
    };
    return [setup, setup, setup];
  },
  begin: async (scene) => {
    const folder = folderOf(scene.rig);
    mkdirSync(folder, { recursive: true });
    const boundaries = await listBoundaries(scene);
    if (boundaries.length > scene.names.length) {
      throw new Error(
        `F1 has ${scene.names.length} onboardings for ${boundaries.length} boundaries: raise its "full".`,
      );
    }
    for (const [index, name] of scene.names.entries()) {
      const boundary = boundaries[index % boundaries.length]!;
      writeFileSync(join(folder, `${hostOf(name)}.dies`), boundary.name);
      await loseAnswers(scene, hostOf(name), boundary.lost);
    }
    const respawning = respawnWorkers(scene);
    return {
      end: async () => {
        await respawning.end();
        const died = readdirSync(folder).filter((file) => file.endsWith('.died')).length;
        await scene.rig.sandbox.clearFaults();
        rmSync(folder, { recursive: true });
        return died;
      },
    };
  },
};
