import type { Fault, Scene } from '../fault.js';
import { mustStrike, repeatedly, together } from '../repeatedly.js';
import { hostOf } from '../rig/signup-backend.js';
import { deliverAgain } from './deliveries.js';
import { silenceRelay, strikePostgres } from './postgres-outages.js';
import { strikeAnswers } from './qlik-answers.js';
import { qlikOutageCodes } from './qlik-outage-codes.js';
import { strikeRedis } from './redis-outages.js';
import { freezeWorker, killWorker, restartWorker } from './worker-ends.js';

const MINUTE_MS = 60_000;

const answers = [
  { kind: 'reset-before', probability: 0.01 },
  { kind: 'reset-after', probability: 0.01 },
  { kind: 'truncate', probability: 0.01 },
  { kind: 'status', status: 500, probability: 0.01 },
  { kind: 'status', status: 503, after: true, probability: 0.01 },
  { kind: 'hang', probability: 0.005 },
  { kind: 'hang', after: true, probability: 0.005 },
  { kind: 'rate-limit', retryAfter: 1, probability: 0.01 },
  { kind: 'delay', delayMs: 30, probability: 0.5 },
];

/** F21: F2 to F13 at random, at one time; each tenant's lists lag by up to half of what is assumed. */
export const allAtOnce: Fault = {
  id: 'F21',
  title: 'F2 to F13 at once',
  full: 20_000,
  mayStopWith: [...qlikOutageCodes, 'DATABASE_UNAVAILABLE', 'WORKER_LOST'],
  ci: 400,
  batch: 4_000,
  perSecond: 45,
  untilStopped: 0.95,
  slipShare: 0.001,
  workers: (rig) => [
    {},
    { env: { CHAOS_CLOCK_SKEW_MS: `${10 * MINUTE_MS}` } },
    { env: { CHAOS_CLOCK_SKEW_MS: `${-10 * MINUTE_MS}`, DATABASE_URL: rig.relayedDatabaseUrl } },
  ],
  lastWorker: 2,
  begin: async (scene) => {
    const { rig } = scene;
    // Each draws at moments of its own.
    const drawing = (word: string): Scene => ({ ...scene, random: scene.random.fork(word) });
    const [atQlik, workers, outages, relay] = ['answers', 'workers', 'servers', 'relay'].map(drawing) as [
      Scene,
      Scene,
      Scene,
      Scene,
    ];
    const servers = [strikePostgres, ...(rig.redis === undefined ? [] : [strikeRedis])];
    return together(
      mustStrike('No answer', await strikeAnswers(atQlik, answers)),
      deliverAgain(drawing('deliveries')),
      // One after the other: each needs its worker, or its server, for itself.
      mustStrike(
        'No end of a worker',
        repeatedly(
          async () => void (await workers.random.pick([killWorker, freezeWorker, restartWorker])(workers)),
          () => workers.random.between(2_000, 4_000),
        ),
      ),
      mustStrike(
        'No outage of a server',
        repeatedly(
          () => outages.random.pick(servers)(outages),
          () => outages.random.between(6_000, 12_000),
        ),
      ),
      repeatedly(
        () => silenceRelay(relay),
        () => relay.random.between(5_000, 15_000),
      ),
    );
  },
  accept: async ({ rig, backend, random }, name) => {
    await rig.sandbox.setTenant(hostOf(name), { lagMs: random.between(0, 250) });
    return backend.onboard(name);
  },
};
