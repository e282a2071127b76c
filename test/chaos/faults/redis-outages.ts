import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Fault, Scene } from '../fault.js';
import { repeatedly } from '../repeatedly.js';
import { onboarding } from '../rig/signup-backend.js';

const DOWN_MS = 10_000;
const LOST_MS = 1_000;

const redisOf = ({ rig }: Scene) => {
  if (rig.redis === undefined) throw new Error('This rig has no Redis.');
  return rig.redis;
};

/** Empties Redis. */
export async function flushRedis(scene: Scene): Promise<void> {
  const client = new Redis(redisOf(scene).url.reveal());
  await client.flushall();
  client.disconnect();
}

/** Empties Redis, kills it with all it held, or keeps it away for ten seconds. */
export async function strikeRedis(scene: Scene): Promise<void> {
  const redis = redisOf(scene);
  const what = scene.random.pick(['flush', 'kill', 'away'] as const);
  if (what === 'flush') return flushRedis(scene);
  await redis.kill('SIGKILL');
  if (what === 'away') await pause(DOWN_MS);
  await redis.restart();
}

/** Puts what Redis held a second ago in its place, as a replica is promoted that has not heard of the last second. */
async function failOver(scene: Scene): Promise<void> {
  const redis = redisOf(scene);
  const client = new Redis(redis.url.reveal());
  await client.save();
  client.disconnect();
  await pause(LOST_MS);
  await redis.kill('SIGKILL');
  await redis.restart();
  // Else the next start would go back to it as well.
  rmSync(join(redis.dir, 'dump.rdb'));
}

/** F8 */
export const redisOutages: Fault = {
  id: 'F8',
  title: 'Redis: FLUSHALL; SIGKILL without AOF; 10 s down (the API answers 202 all the while)',
  full: 2_000,
  backends: ['redis'],
  perSecond: 12,
  begin: (scene) =>
    Promise.resolve(
      repeatedly(
        () => strikeRedis(scene),
        () => scene.random.between(300, 1_500),
      ),
    ),
  untilStopped: 0.7,
  accept: async (scene, name) => {
    const answer = await scene.backend.send('POST', '/v1/customers', onboarding(name));
    if (answer.status !== 202) throw new Error(`The API answered ${answer.status} while Redis was disturbed.`);
    return scene.backend.onboard(name);
  },
};

/** F8f: jobs that were done are there again, and wake-ups of the last second are not. */
export const redisFailovers: Fault = {
  ...redisOutages,
  id: 'F8f',
  title: 'Redis: a failover that loses the last second',
  full: 1_000,
  begin: (scene) =>
    Promise.resolve(
      repeatedly(
        () => failOver(scene),
        () => scene.random.between(300, 1_500),
      ),
    ),
};
