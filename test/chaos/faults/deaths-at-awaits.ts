import { createSecretKey } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Database, Secret } from '@app/platform';
import { RunRunner } from '@app/runs';
import type { TestingModule } from '@nestjs/testing';
import { createMortalWorker, type Death, Life, ProcessDied } from '../../mortal-process.js';
import type { Disturbance, Fault, Scene } from '../fault.js';
import { inBackground } from '../in-background.js';
import { parentClient } from '../rig/rig.js';
import { hostOf } from '../rig/signup-backend.js';
import { type Crashed, loseAnswers, onboardings, type Path } from './exits-at-boundaries.js';

const LEASE_MS = 3_000;
/** Runs that are worked on, or wait, together; more would end leases on two busy cores. */
const LANES = 64;
const CONNECTIONS = 20;
/** How soon it is seen that a run is due before its time, or that it was ended by another. */
const LOOK_EVERY_MS = 300;

/** Two workers in this process: one dies, run by run; the other is the healthy one that takes over. */
interface Pair {
  doomed: TestingModule;
  healthy: TestingModule;
  close: () => Promise<void>;
}

interface Fate {
  death: Death;
  path: Path;
}

async function startPair({ rig }: Scene): Promise<Pair> {
  const databases = [0, 1].map(() => new Database({ url: rig.databaseUrl, maxConnections: CONNECTIONS }));
  const [id = '', key = ''] = rig.env.LOCAL_KEYS?.split(':') ?? [];
  const start = (database: Database) =>
    createMortalWorker({
      database,
      vault: {
        NODE_ENV: 'test',
        KEY_PROVIDER: 'local',
        LOCAL_KEYS: [{ id, key: createSecretKey(Buffer.from(key, 'base64')) }],
        DATA_DIR: 'unused',
      },
      qlik: {
        endpoint: rig.sandbox.url,
        parentClients: {
          eu: { clientId: parentClient.clientId, clientSecret: new Secret(parentClient.clientSecret) },
        },
      },
      leaseMs: LEASE_MS,
      timeoutMs: 900,
      listLagMs: 100,
      rotation: Object.fromEntries(
        Object.entries(rig.env).filter((entry): entry is [string, string] => entry[0].startsWith('ROTATION_')),
      ),
    });
  const [doomed, healthy] = await Promise.all(databases.map(start));
  return {
    doomed: doomed!,
    healthy: healthy!,
    close: async () => {
      await Promise.all([doomed!.close(), healthy!.close()]);
      await Promise.all(databases.map((database) => database.onApplicationShutdown()));
    },
  };
}

/** Delivers a run's wake-ups as the queue and the sweep would, until it comes to its end. */
async function deliver(scene: Scene, worker: TestingModule, runId: string, life = new Life()): Promise<void> {
  const runner = worker.get(RunRunner, { strict: false });
  do {
    const { kind } = await life.live(() => runner.execute(runId));
    if (kind === 'idle') await pause(LOOK_EVERY_MS / 3);
  } while (await isDueAtLast(scene, runId));
}

/** Waits until a run can be claimed; false when it is no longer open. A process that holds it may be dead: then its lease ends. */
async function isDueAtLast({ rig }: Scene, runId: string): Promise<boolean> {
  for (;;) {
    const { state, leaseUntil, nextRunAt } = await rig.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    if (!['queued', 'running', 'waiting'].includes(state)) return false;
    const waitMs = Math.max(leaseUntil?.getTime() ?? 0, nextRunAt?.getTime() ?? 0) - Date.now();
    if (waitMs <= 0) return true;
    await pause(Math.min(waitMs + 5, LOOK_EVERY_MS));
  }
}

/** What others can see: a call to Qlik, a transaction, a claim, an intent; a death after any other await is the same as one after the last of these. */
const SEEN = /at Qlik$|^COMMIT$|^WITH due|^UPDATE runs SET intent/;

/** A death after each await that others can see; on a further path from where it differs from the one before. */
async function listFates(scene: Scene, { healthy }: Pair, { paths, prepare }: Crashed): Promise<Fate[]> {
  const fates: Fate[] = [];
  let former: readonly string[] = [];
  for (const [number, path] of paths.entries()) {
    const name = `dry-${scene.prefix}${number}`;
    const begin = await prepare(scene, name, path);
    await loseAnswers(scene, hostOf(name), path.lost);
    const life = new Life();
    await deliver(scene, healthy, await begin(), life);
    const shared = life.awaited.findIndex((what, index) => what !== former[index]);
    for (const [index, what] of life.awaited.entries()) {
      if (index >= shared && SEEN.test(what)) fates.push({ path, death: { at: index + 1, when: 'after' } });
    }
    former = life.awaited;
  }
  return fates;
}

/** Works off the run of whoever is accepted: the doomed worker up to its death, the healthy one from there. */
function workOff(scene: Scene, { doomed, healthy }: Pair, fates: readonly Fate[], count: number): Disturbance {
  let next = 0;
  let died = 0;
  const work = async (name: string, runId: string) => {
    const { death, path } = fates[scene.names.indexOf(name) % fates.length]!;
    await loseAnswers(scene, hostOf(name), path.lost);
    await deliver(scene, doomed, runId, new Life(death)).catch((error: unknown) => {
      if (!(error instanceof ProcessDied)) throw error;
      died += 1;
    });
    await deliver(scene, healthy, runId);
  };
  const lane = async (stop: AbortSignal) => {
    while (!stop.aborted || next < scene.signups.length) {
      const signup = scene.signups[next];
      if (signup === undefined) await pause(20);
      else {
        next += 1;
        await work(signup.name, signup.runId);
      }
    }
  };
  const lanes = inBackground((stop) => Promise.all(Array.from({ length: count }, () => lane(stop))));
  return { end: () => lanes.end().then(() => died) };
}

/** Delivers one run in this process until it comes to its end. */
export type Deliver = (runId: string) => Promise<void>;

/** Has a worker in this process die in the run of each customer, at one await after the other; `tell` hears on which path a customer's run is. */
export async function dieAtAwaits(
  scene: Scene,
  crashedWith: (deliver: Deliver) => Crashed,
  tell: (name: string, path: Path) => void = () => undefined,
  lanes = LANES,
): Promise<Disturbance> {
  const pair = await startPair(scene);
  const fates = await listFates(
    scene,
    pair,
    crashedWith((runId) => deliver(scene, pair.healthy, runId)),
  );
  if (fates.length > scene.names.length) {
    throw new Error(`There are ${scene.names.length} runs for ${fates.length} deaths: give them more.`);
  }
  for (const [index, name] of scene.names.entries()) tell(name, fates[index % fates.length]!.path);
  const working = workOff(scene, pair, fates, lanes);
  return {
    end: async () => {
      const died = await working.end().finally(() => pair.close());
      await scene.rig.sandbox.clearFaults();
      return died;
    },
  };
}

/** F1, in process: a hundred times after each. */
export const deathsAtAwaits: Fault = {
  id: 'F1i',
  title: 'crash after each claim, call to Qlik and commit of an onboarding, in process',
  full: 4_000,
  ci: 100,
  batch: 1_000,
  // Here the queue has nothing to do with it.
  backends: ['postgres'],
  workers: () => [],
  begin: (scene) => dieAtAwaits(scene, () => onboardings),
};
