import type { Disturbance, Fault, Scene } from '../fault.js';
import { repeatedly } from '../repeatedly.js';
import { strikeAnswers } from './qlik-answers.js';
import { qlikOutageCodes } from './qlik-outage-codes.js';
import { flushRedis } from './redis-outages.js';

/** Empties the queue, so that nothing but a sweep can find what is due. */
async function loseWakeUps(scene: Scene): Promise<void> {
  if (scene.rig.redis === undefined) await scene.rig.database.client.$executeRaw`DELETE FROM bullmq.job`;
  else await flushRedis(scene);
}

const whileWakeUpsAreLost = (scene: Scene): Promise<Disturbance> =>
  Promise.resolve(
    repeatedly(
      () => loseWakeUps(scene),
      () => scene.random.between(200, 800),
    ),
  );

/** F11, sweeps upon sweeps. */
export const sweeps: Fault = {
  id: 'F11',
  title: 'three workers that sweep twenty times a second; wake-ups lost',
  full: 1_000,
  perSecond: 40,
  workers: () => [1, 2, 3].map(() => ({ env: { SWEEP_SECONDS: '0.05' } })),
  untilStopped: 0.8,
  begin: whileWakeUpsAreLost,
};

/** F11, sweeps that are silent for long. */
export const silentSweeps: Fault = {
  id: 'F11s',
  title: 'no sweep for eight seconds at a time; wake-ups lost',
  full: 500,
  perSecond: 40,
  workers: () => [1, 2, 3].map(() => ({ env: { SWEEP_SECONDS: '8' } })),
  untilStopped: 0.5,
  begin: whileWakeUpsAreLost,
};

const TEN_MINUTES_MS = 600_000;

/** F12: workers whose clocks are wrong by ten minutes, in both directions. */
export const skewedClocks: Fault = {
  id: 'F12',
  title: 'clock of one worker 10 min ahead, of another 10 min behind; answers lost',
  full: 1_000,
  mayStopWith: qlikOutageCodes,
  workers: () => [
    {},
    { env: { CHAOS_CLOCK_SKEW_MS: `${TEN_MINUTES_MS}` } },
    { env: { CHAOS_CLOCK_SKEW_MS: `${-TEN_MINUTES_MS}` } },
  ],
  begin: (scene) =>
    strikeAnswers(scene, [
      { kind: 'reset-after', probability: 0.05 },
      { kind: 'rate-limit', retryAfter: 1, probability: 0.02 },
    ]),
};
