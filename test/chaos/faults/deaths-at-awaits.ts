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
import { lostAnswers, loseAnswers } from './exits-at-boundaries.js';

const LEASE_MS = 3_000;
/** Runs that are worked on, or wait, together. */
const LANES = 64;
const CONNECTIONS = 20;

/** Two workers in this process: one dies, run by run; the other is the healthy one that takes over. */
interface Pair {
  doomed: TestingModule;
  healthy: TestingModule;
  close: () => Promise<void>;
}

interface Fate {
  death: Death;
  lost: readonly object[];
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
async function deliver({ rig }: Scene, worker: TestingModule, runId: string, life = new Life()): Promise<void> {
  const runner = worker.get(RunRunner, { strict: false });
  for (;;) {
    const result = await life.live(() => runner.execute(runId));
    if (result.kind === 'wait') await pause(Math.ceil(result.forMs));
    const { state, leaseUntil } = await rig.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    if (!['queued', 'running', 'waiting'].includes(state)) return;
    // Held by a process that may be dead: the sweep looks again when the lease has ended.
    if (result.kind === 'idle' && leaseUntil !== null) await pause(Math.max(0, leaseUntil.getTime() - Date.now()) + 5);
  }
}

/** What others can see: a call to Qlik, a transaction, a claim, an intent; a death after any other await is the same as one after the last of these. */
const SEEN = /at Qlik$|^COMMIT$|^WITH due|^UPDATE runs SET intent/;

/** A death after each await that others can see; on the paths on which answers are lost, from where they differ from the path before. */
async function listFates(scene: Scene, { healthy }: Pair): Promise<Fate[]> {
  const fates: Fate[] = [];
  let former: readonly string[] = [];
  for (const [path, lost] of lostAnswers.entries()) {
    const name = `dry-${scene.prefix}${path}`;
    await loseAnswers(scene, hostOf(name), lost);
    const { runId } = await scene.backend.onboard(name);
    const life = new Life();
    await deliver(scene, healthy, runId, life);
    const shared = life.awaited.findIndex((what, index) => what !== former[index]);
    for (const [index, what] of life.awaited.entries()) {
      if (index >= shared && SEEN.test(what)) fates.push({ lost, death: { at: index + 1, when: 'after' } });
    }
    former = life.awaited;
  }
  return fates;
}

/** Onboards whoever is accepted: the doomed worker up to its death, the healthy one from there. */
function onboardAll(scene: Scene, { doomed, healthy }: Pair, fates: readonly Fate[]): Disturbance {
  let next = 0;
  let died = 0;
  const onboard = async (name: string, runId: string) => {
    const { death, lost } = fates[scene.names.indexOf(name) % fates.length]!;
    await loseAnswers(scene, hostOf(name), lost);
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
        await onboard(signup.name, signup.runId);
      }
    }
  };
  const lanes = inBackground((stop) => Promise.all(Array.from({ length: LANES }, () => lane(stop))));
  return { end: () => lanes.end().then(() => died) };
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
  begin: async (scene) => {
    const pair = await startPair(scene);
    const fates = await listFates(scene, pair);
    if (fates.length > scene.names.length) {
      throw new Error(`F1i has ${scene.names.length} onboardings for ${fates.length} deaths: give it more of them.`);
    }
    const onboarding = onboardAll(scene, pair, fates);
    return {
      end: async () => {
        const died = await onboarding.end().finally(() => pair.close());
        await scene.rig.sandbox.clearFaults();
        return died;
      },
    };
  },
};
