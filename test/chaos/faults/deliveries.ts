import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type BackendFactory, type ConnectionOptions, createPostgresBackend, createRedisBackend, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { RUNS_QUEUE } from '@app/queue';
import type { Disturbance, Fault, Scene } from '../fault.js';
import { inBackground } from '../in-background.js';
import { patiently } from '../patiently.js';
import type { Rig } from '../rig/rig.js';
import { onboarding } from '../rig/signup-backend.js';

const COPIES = 5;
const REQUESTS = 50;

/** The workers' queue, for jobs that nobody of ours would send. */
function openQueue(rig: Rig): { queue: Queue; close: () => Promise<void> } {
  const [connection, factory, closeConnection] =
    rig.redis === undefined ? openPool(rig.databaseUrl.reveal()) : openRedis(rig.redis.url.reveal());
  const queue = new Queue(RUNS_QUEUE, { connection, prefix: 'tp', skipVersionCheck: true }, factory as never).on(
    'error',
    () => undefined,
  );
  return { queue, close: () => queue.close().then(closeConnection) };
}

function openPool(url: string): [ConnectionOptions, BackendFactory, () => Promise<void>] {
  const pool = new pg.Pool({ connectionString: url, max: 2, options: '-c search_path=bullmq' });
  // Its server may be what is disturbed: whoever asks asks again.
  pool.on('error', () => undefined);
  return [pool, createPostgresBackend as BackendFactory, () => pool.end()];
}

function openRedis(url: string): [ConnectionOptions, BackendFactory, () => Promise<void>] {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  return [client, createRedisBackend, () => client.quit().then(() => undefined)];
}

/** F10: each run is delivered five times more, at any time; every 20th request comes fifty times at once. */
export const duplicates: Fault = {
  id: 'F10',
  title: 'duplicate and early delivery ×5; the same Idempotency-Key ×50 at once',
  full: 2_000,
  begin: (scene) => Promise.resolve(deliverAgain(scene)),
  accept: async ({ backend, names }, name) => {
    if (names.indexOf(name) % 20 !== 0) return backend.onboard(name);
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, () => backend.send('POST', '/v1/customers', onboarding(name))),
    );
    const customers = new Set(answers.map(({ body }) => body.customer?.id as string | undefined));
    customers.delete(undefined);
    if (customers.size !== 1) throw new Error(`${REQUESTS} equal requests made ${customers.size} customers.`);
    return backend.onboard(name);
  },
};

/** Sends five more wake-ups for each run, due at any time within a second. */
export function deliverAgain(scene: Scene): Disturbance {
  const { queue, close } = openQueue(scene.rig);
  let next = 0;
  let sent = 0;
  const send = async () => {
    for (const { runId } of scene.signups.slice(next)) {
      next += 1;
      const copies = Array.from({ length: COPIES }, () => ({
        name: 'wake-up',
        data: { runId, requestId: 'duplicate' },
        opts: {
          jobId: randomUUID(),
          delay: scene.random.between(0, 1_000),
          removeOnComplete: true,
          removeOnFail: true,
        },
      }));
      await patiently(() => queue.addBulk(copies));
      sent += COPIES;
    }
  };
  const loop = inBackground(async (stop) => {
    for (; !stop.aborted; await pause(20)) await send();
  });
  return {
    end: async () => {
      await loop.end();
      await close();
      return sent;
    },
  };
}
