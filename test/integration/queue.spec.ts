import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkerHost } from '@nestjs/bullmq';
import type { INestApplicationContext } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { DelayedError, type Job, type Worker } from 'bullmq';
import pg from 'pg';
import { migrate } from '@app/platform';
import { migrateQueue, type WakeUp, WakeUps } from '@app/queue';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { Inbox, makeWakeUp, type QueueProcessOptions, startQueueProcess, TRACEPARENT } from '../test-queue.js';

const idOf = ({ runId, fence }: WakeUp) => `${runId}.${fence}`;
const openSockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;

function workerOf(app: INestApplicationContext): Worker {
  const hosts = app
    .get(DiscoveryService, { strict: false })
    .getProviders()
    .map(({ instance }: { instance: unknown }) => instance);
  return hosts.find((host) => host instanceof WorkerHost)!.worker as Worker;
}

/** Tries until it succeeds; what it waits for has no event on this side of the library. */
async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (let last = performance.now() + 10_000; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > last) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe.each(['redis', 'postgres'] as const)('queue on %s', (backend) => {
  let db: TestDatabase;
  let redis: RedisServer | undefined;
  const started: INestApplicationContext[] = [];

  beforeAll(async () => {
    db = await createTestDatabase();
    await migrateQueue(db.url);
    if (backend === 'redis') redis = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((app) => app.close()));
  });

  afterAll(async () => {
    await redis?.stop();
    await db.close();
  });

  async function start(
    options: Pick<QueueProcessOptions, 'deliver' | 'workerOptions'> = {},
  ): Promise<INestApplicationContext> {
    const role = options.deliver === undefined ? 'producer' : 'consumer';
    const app = await startQueueProcess({
      role,
      databaseUrl: db.url,
      redisUrl: redis?.url,
      ...(options.deliver && { deliver: options.deliver }),
      // On Redis the interval of the last look for stalled jobs holds for all workers.
      workerOptions: { stalledInterval: 200, ...options.workerOptions },
    });
    started.push(app);
    return app;
  }

  function stop(app: INestApplicationContext): Promise<void> {
    started.splice(started.indexOf(app), 1);
    return app.close();
  }

  /** Takes the backend away, as seen from the queue. */
  async function goDown(): Promise<void> {
    if (redis !== undefined) return redis.kill('SIGKILL');
    await asAdmin(async (admin, name) => {
      await admin.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    });
  }

  async function comeBack(): Promise<void> {
    if (redis !== undefined) return redis.restart();
    await asAdmin(
      async (admin, name) => void (await admin.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`)),
    );
  }

  async function asAdmin(work: (admin: pg.Client, name: string) => Promise<void>): Promise<void> {
    const url = new URL(db.url.reveal());
    const name = url.pathname.slice(1);
    url.pathname = '/postgres';
    const admin = new pg.Client({ connectionString: url.href });
    await admin.connect();
    await work(admin, name).finally(() => admin.end());
  }

  it('delivers a wake-up with its context, and removes it', async () => {
    const inbox = new Inbox();
    const consumer = await start({ deliver: inbox.deliver });
    const completed = once(workerOf(consumer), 'completed');
    const sent = makeWakeUp();
    await (await start()).get(WakeUps).send(sent);
    const job = await inbox.next();
    expect(job.data).toEqual({ runId: sent.runId, requestId: 'req-1', traceparent: TRACEPARENT });
    await completed;
    expect(await job.getState()).toBe('unknown');
  });

  it('removes a wake-up whose processor threw, without a second attempt', async () => {
    const jobs: Job[] = [];
    const consumer = await start({
      deliver: (job) => {
        jobs.push(job);
        return Promise.reject(new Error('broken'));
      },
    });
    const failed = once(workerOf(consumer), 'failed');
    await consumer.get(WakeUps).send(makeWakeUp());
    await failed;
    expect(await jobs[0]!.getState()).toBe('unknown');
    expect(jobs).toHaveLength(1);
  });

  it('keeps a wake-up that is sent again as one job, and takes it anew once it is done', async () => {
    const wakeUps = (await start()).get(WakeUps);
    const first = makeWakeUp();
    const second = makeWakeUp();
    await wakeUps.send(first);
    await wakeUps.send(first);
    await wakeUps.send(first, { delayMs: 60_000 });
    await wakeUps.send(second);
    const inbox = new Inbox();
    const completed = once(workerOf(await start({ deliver: inbox.deliver })), 'completed');
    expect((await inbox.next()).id).toBe(idOf(first));
    expect((await inbox.next()).id).toBe(idOf(second));
    await completed;
    await wakeUps.send(first);
    expect((await inbox.next()).id).toBe(idOf(first));
  });

  it('takes another wake-up of a run whose first one is in the hands of a worker', async () => {
    const wakeUps = (await start()).get(WakeUps);
    const first = makeWakeUp();
    const inbox = new Inbox();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await start({ deliver: (job) => inbox.deliver(job).then(() => held) });
    await wakeUps.send(first);
    expect((await inbox.next()).id).toBe(idOf(first));
    await start({ deliver: inbox.deliver });
    await wakeUps.send({ ...first, again: 7 });
    expect((await inbox.next()).id).toBe(`${idOf(first)}.7`);
    release();
  });

  it('delivers a delayed wake-up after one that is due', async () => {
    const inbox = new Inbox();
    const wakeUps = (await start()).get(WakeUps);
    const later = makeWakeUp();
    const now = makeWakeUp();
    await wakeUps.send(later, { delayMs: 400 });
    await wakeUps.send(now);
    await start({ deliver: inbox.deliver });
    expect((await inbox.next()).id).toBe(idOf(now));
    expect((await inbox.next()).id).toBe(idOf(later));
  });

  it('lets a processor put its job off under the same token, at no cost of an attempt', async () => {
    const inbox = new Inbox();
    const consumer = await start({
      deliver: async (job, token) => {
        await inbox.deliver(job);
        if (job.attemptsStarted > 1) return;
        await job.moveToDelayed(Date.now() + 200, token);
        throw new DelayedError();
      },
    });
    const completed = once(workerOf(consumer), 'completed');
    const sent = makeWakeUp();
    await consumer.get(WakeUps).send(sent);
    await inbox.next();
    const again = await inbox.next();
    expect(again.id).toBe(idOf(sent));
    expect(again.attemptsMade).toBe(0);
    await completed;
    expect(await again.getState()).toBe('unknown');
  });

  it('delivers again what a worker that vanished had taken', async () => {
    const vanished = new Inbox();
    let release = (): void => undefined;
    const hung = new Promise<void>((resolve) => (release = resolve));
    const first = await start({
      deliver: async (job) => vanished.deliver(job).then(() => hung),
      workerOptions: { lockDuration: 300, skipLockRenewal: true },
    });
    const sent = makeWakeUp();
    await first.get(WakeUps).send(sent);
    await vanished.next();
    const inbox = new Inbox();
    const second = await start({ deliver: inbox.deliver });
    const completed = once(workerOf(second), 'completed');
    expect((await inbox.next()).id).toBe(idOf(sent));
    await completed;
    release();
  });

  it('finishes the job under way before it shuts down, and then leaves no connection open', async () => {
    const before = openSockets();
    const taken = new Inbox();
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    let finished = false;
    const consumer = await start({
      deliver: async (job) => {
        await taken.deliver(job);
        await work;
        await consumer.get(WakeUps).send(makeWakeUp());
        finished = true;
      },
    });
    await consumer.get(WakeUps).send(makeWakeUp());
    await taken.next();
    const closed = stop(consumer);
    finish();
    await closed;
    expect(finished).toBe(true);
    await eventually(() => expect(openSockets()).toBeLessThanOrEqual(before));
  });

  it('rejects a wake-up while the backend is away, and sends and delivers once it is back', async () => {
    const inbox = new Inbox();
    const consumer = await start({ deliver: inbox.deliver });
    // What an earlier test left in the queue goes first.
    const settled = makeWakeUp();
    const producer = (await start()).get(WakeUps);
    await producer.send(settled);
    while ((await inbox.next()).id !== idOf(settled));

    await goDown();
    const lost = makeWakeUp();
    await expect(producer.send(lost)).rejects.toMatchObject({ kind: 'unavailable', code: 'QUEUE_UNAVAILABLE' });
    await expect(consumer.get(WakeUps).send(lost)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    await comeBack();

    const sent = makeWakeUp();
    await eventually(() => producer.send(sent));
    expect((await inbox.next()).id).toBe(idOf(sent));
  }, 40_000);

  it('shuts down while the backend is away, with a job under way', async () => {
    const before = openSockets();
    const taken = new Inbox();
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const consumer = await start({ deliver: (job) => taken.deliver(job).then(() => work) });
    const producer = await start();
    await producer.get(WakeUps).send(makeWakeUp());
    await taken.next();
    await goDown();
    const closed = stop(consumer);
    finish();
    await closed;
    await stop(producer);
    await comeBack();
    await eventually(() => expect(openSockets()).toBeLessThanOrEqual(before));
  }, 20_000);

  it('refuses a payload that is not in the catalog', async () => {
    const wakeUps = (await start()).get(WakeUps);
    await expect(wakeUps.send({ ...makeWakeUp(), runId: 'no-uuid' })).rejects.toThrow('Invalid UUID');
    await expect(wakeUps.send({ ...makeWakeUp(), clientSecret: 'x' } as WakeUp)).rejects.toThrow('Unrecognized key');
  });

  it('is refused to a process that is configured for the other backend', async () => {
    await start();
    const other = await startRedis();
    try {
      const redisUrl = backend === 'redis' ? undefined : other.url;
      const refused = startQueueProcess({ role: 'producer', databaseUrl: db.url, redisUrl });
      await expect(refused).rejects.toMatchObject({ kind: 'conflict', code: 'QUEUE_BACKEND_MISMATCH' });
    } finally {
      await other.stop();
    }
  });

  it('is refused to a consumer without a processor', async () => {
    await expect(startQueueProcess({ role: 'consumer', databaseUrl: db.url, redisUrl: redis?.url })).rejects.toThrow(
      'has no processor',
    );
  });
});

describe('queue before its tables are made', () => {
  it('tells a process on PostgreSQL to make them, which may be done twice', async () => {
    const db = await createTestDatabase();
    const start = () => startQueueProcess({ role: 'producer', databaseUrl: db.url });
    try {
      await expect(start()).rejects.toMatchObject({ code: 'QUEUE_NOT_MIGRATED' });
      await migrateQueue(db.url);
      await migrateQueue(db.url);
      await (await start()).close();
      expect(await migrate(db.url)).toEqual([]);
    } finally {
      await db.close();
    }
  });
});

describe('queue on a Redis that was never there', () => {
  it('starts and shuts down a consumer', async () => {
    const db = await createTestDatabase();
    const redis = await startRedis();
    await redis.stop();
    const app = await startQueueProcess({
      role: 'consumer',
      databaseUrl: db.url,
      redisUrl: redis.url,
      deliver: new Inbox().deliver,
    });
    await app.close();
    await db.close();
  });
});

describe('queue on a Redis that does not answer', () => {
  it('starts without it, gives up on sending, and works once it answers', async () => {
    const db = await createTestDatabase();
    const redis = await startRedis();
    await redis.kill('SIGKILL');
    const app = await startQueueProcess({ role: 'producer', databaseUrl: db.url, redisUrl: redis.url });
    try {
      await expect(app.get(WakeUps).send(makeWakeUp())).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
      await redis.restart();
      await eventually(() => app.get(WakeUps).send(makeWakeUp()));
      await redis.kill('SIGSTOP');
      await expect(app.get(WakeUps).send(makeWakeUp())).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
      await redis.kill('SIGCONT');
      await eventually(() => app.get(WakeUps).send(makeWakeUp()));
    } finally {
      await app.close();
      await redis.stop();
      await db.close();
    }
  });
});
