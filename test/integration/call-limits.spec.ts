import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Database, DatabaseModule, Secret } from '@app/platform';
import { OAuthClientsApi, ParentAccess, QlikModule } from '@app/qlik';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Redis } from 'ioredis';
import { type Logger, pino } from 'pino';
import { CallAdmissionModule } from '../../libs/qlik/src/admission/call-admission.module.js';
import { CallAdmission } from '../../libs/qlik/src/admission/call-admission.js';
import type { CallLimits } from '../../libs/qlik/src/admission/call-limits.js';
import { CountedCallLimits } from '../../libs/qlik/src/admission/counted-call-limits.js';
import { openLimitsRedis } from '../../libs/qlik/src/admission/limits-redis.js';
import { PostgresCallLimits } from '../../libs/qlik/src/admission/postgres-call-limits.js';
import { caught } from '../../libs/qlik/testing/caught.js';
import { json, LocalQlik, policy } from '../../libs/qlik/testing/local-qlik.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const backends = ['redis', 'postgres'] as const;
type Backend = (typeof backends)[number];

const newHost = () => `t${randomUUID()}.eu.qlikcloud.com`;

let test: TestDatabase;
let redis: RedisServer;
beforeAll(async () => {
  [test, redis] = await Promise.all([createTestDatabase(), startRedis()]);
});
afterAll(async () => {
  await Promise.all([test.close(), redis.stop()]);
});

/** Asks until a call may go; that a pause is over has no event. */
async function untilLetGo(limits: CallLimits, host: string, tier: 'read' | 'write' | 'token'): Promise<number> {
  for (let refusals = 0; ; refusals += 1) {
    const waitMs = await limits.take(host, tier);
    if (waitMs === 0) return refusals;
    await delay(Math.min(waitMs, 100));
  }
}

describe.each(backends)('call limits on %s', (backend) => {
  const opened: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    jest.useRealTimers();
    for (const close of opened.splice(0)) await close();
  });

  /** The limits as a process of its own has them: on a connection of its own. */
  async function limitsOfAProcess(perMinute = { read: 7, write: 5 }): Promise<CallLimits> {
    if (backend === 'postgres') {
      const database = new Database({ url: test.url, maxConnections: 3 });
      opened.push(() => database.onApplicationShutdown());
      return new PostgresCallLimits(database, perMinute);
    }
    const connection = await openLimitsRedis(redis.url);
    opened.push(() => connection.disconnect());
    return CountedCallLimits.onRedis(connection, perMinute);
  }

  const takeOften = (limits: CallLimits, host: string, tier: 'read' | 'write', times: number) =>
    Promise.all(Array.from({ length: times }, () => limits.take(host, tier)));

  it('lets exactly as many calls go from two processes at once as a tenant may have', async () => {
    const [one, other] = [await limitsOfAProcess(), await limitsOfAProcess()];
    const host = newHost();
    const waits = (await Promise.all([one, other].map((limits) => takeOften(limits, host, 'write', 20)))).flat();
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(5);
    for (const waitMs of waits.filter((ms) => ms > 0)) {
      expect(waitMs).toBeGreaterThan(50_000);
      expect(waitMs).toBeLessThanOrEqual(60_000);
    }
  });

  it('counts every tenant and every tier for itself, and tokens not at all', async () => {
    const limits = await limitsOfAProcess();
    const host = newHost();
    expect((await takeOften(limits, host, 'write', 6)).filter((waitMs) => waitMs > 0)).toHaveLength(1);
    expect((await takeOften(limits, host, 'read', 8)).filter((waitMs) => waitMs > 0)).toHaveLength(1);
    expect(await limits.take(newHost(), 'write')).toBe(0);
    for (let time = 0; time < 20; time += 1) expect(await limits.take(host, 'token')).toBe(0);
  });

  it('begins anew when the minute is over', async () => {
    const limits = await limitsOfAProcess();
    const host = newHost();
    await takeOften(limits, host, 'write', 6);
    expect(await limits.take(host, 'write')).toBeGreaterThan(0);
    await endMinute(host);
    expect((await takeOften(limits, host, 'write', 6)).filter((waitMs) => waitMs === 0)).toHaveLength(5);
  });

  it.each(['read', 'write', 'token'] as const)('pauses %ss of that tenant in every process', async (tier) => {
    const [one, other] = [await limitsOfAProcess(), await limitsOfAProcess()];
    const host = newHost();
    await one.take(host, tier);
    await one.pause(host, tier, 30_000);
    for (const limits of [one, other]) {
      const waitMs = await limits.take(host, tier);
      expect(waitMs).toBeGreaterThan(20_000);
      expect(waitMs).toBeLessThanOrEqual(30_000);
    }
    for (const free of (['read', 'write', 'token'] as const).filter((another) => another !== tier)) {
      expect(await other.take(host, free)).toBe(0);
    }
    expect(await other.take(newHost(), tier)).toBe(0);
  });

  it.each(['write', 'token'] as const)('ends a pause of %ss by itself, also of less than a second', async (tier) => {
    const [one, other] = [await limitsOfAProcess(), await limitsOfAProcess()];
    const host = newHost();
    await one.pause(host, tier, 200);
    expect(await untilLetGo(other, host, tier)).toBeGreaterThan(0);
    expect(await one.take(host, tier)).toBe(0);
  });

  it('keeps the longer of two pauses', async () => {
    const [one, other] = [await limitsOfAProcess(), await limitsOfAProcess()];
    const host = newHost();
    await one.pause(host, 'read', 60_000);
    await other.pause(host, 'read', 2_000);
    expect(await one.take(host, 'read')).toBeGreaterThan(50_000);
    await other.pause(host, 'read', 120_000);
    expect(await one.take(host, 'read')).toBeGreaterThan(110_000);
  });

  it('holds a pause against calls that come at the same time', async () => {
    const [one, other] = [await limitsOfAProcess(), await limitsOfAProcess()];
    const host = newHost();
    const racing = takeOften(other, host, 'write', 30);
    await one.pause(host, 'write', 30_000);
    await racing;
    expect(await other.take(host, 'write')).toBeGreaterThan(0);
  });

  it.each([-600_000, 600_000])('does not mind a process whose clock is off by %i ms', async (offMs) => {
    const [one, other] = [await limitsOfAProcess(), await limitsOfAProcess()];
    const host = newHost();
    jest.useFakeTimers({
      now: Date.now() + offMs,
      doNotFake: ['setTimeout', 'setInterval', 'setImmediate', 'nextTick', 'performance', 'queueMicrotask'],
    });
    await one.take(host, 'write');
    await one.pause(host, 'read', 30_000);
    jest.useRealTimers();
    expect((await takeOften(other, host, 'write', 5)).filter((waitMs) => waitMs > 0)).toHaveLength(1);
    const waitMs = await other.take(host, 'read');
    expect(waitMs).toBeGreaterThan(20_000);
    expect(waitMs).toBeLessThanOrEqual(30_000);
  });

  /** Moves the end of the tenant's minute to now. */
  async function endMinute(host: string): Promise<void> {
    if (backend === 'postgres') {
      await test.database.sql.$executeRaw`UPDATE call_limits SET resets_at = now() WHERE tenant_host = ${host}`;
      return;
    }
    const connection = await openLimitsRedis(redis.url);
    const keys = await connection.keys(`*${host}`);
    expect(keys).not.toEqual([]);
    await connection.del(...keys);
    connection.disconnect();
  }
});

describe.each(backends)('a process with its limits on %s', (backend) => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function startProcess(endpoint: string, perMinute = { read: 100, write: 100 }): Promise<TestingModule> {
    const app = await Test.createTestingModule({
      imports: [
        DatabaseModule.forRoot({ url: test.url, maxConnections: 3 }),
        QlikModule.forRoot({
          timeoutMs: 5_000,
          endpoint,
          tenantHosts: policy,
          parentClients: { eu: { clientId: 'p', clientSecret: new Secret('parent-secret-0a1b2c3d4e5f') } },
          admission: {
            perMinute,
            circuitOpenMs: 30_000,
            redisUrl: redisUrlOf(backend),
            logger: pino({ level: 'silent' }),
          },
        }),
      ],
    }).compile();
    await app.init();
    closing.push(() => app.close());
    return app;
  }

  async function startQlik(): Promise<LocalQlik> {
    const qlik = await LocalQlik.start();
    closing.push(() => qlik.close());
    qlik.answer = (_request, response) => json(response, 200, { data: [] });
    return qlik;
  }

  const list = (app: TestingModule, host: string) => app.get(OAuthClientsApi).list(host, { clientName: 'x' });

  it('stops calling when another one was told to wait', async () => {
    const qlik = await startQlik();
    const [one, other] = [await startProcess(qlik.endpoint), await startProcess(qlik.endpoint)];
    const host = newHost();
    await list(other, host);
    qlik.answer = (_request, response) => json(response, 429, {}, { 'retry-after': '60' });
    expect(await caught(list(one, host))).toMatchObject({ code: 'QLIK_RATE_LIMITED', retryAfterMs: 60_000 });
    const callsBefore = qlik.apiCalls.length;
    for (const app of [one, other]) {
      const error = await caught(list(app, host));
      expect(error).toMatchObject({ code: 'RATE_LIMIT_REACHED', failure: 'held-back' });
      expect(error.retryAfterMs).toBeGreaterThan(50_000);
    }
    expect(qlik.apiCalls).toHaveLength(callsBefore);
    qlik.answer = (_request, response) => json(response, 200, { data: [] });
    expect(await list(other, newHost())).toEqual([]);
  });

  it('asks for no token either when another one was told to wait with that', async () => {
    const qlik = await startQlik();
    const [one, other] = [await startProcess(qlik.endpoint), await startProcess(qlik.endpoint)];
    const host = newHost();
    qlik.token = (_request, response) => json(response, 429, {}, { 'retry-after': '60' });
    expect(await caught(one.get(ParentAccess).token(host))).toMatchObject({ code: 'QLIK_RATE_LIMITED' });
    expect(await caught(other.get(ParentAccess).token(host))).toMatchObject({ code: 'RATE_LIMIT_REACHED' });
    expect(qlik.seen).toHaveLength(1);
  });

  it('shares the calls of the minute with the others', async () => {
    const qlik = await startQlik();
    const perMinute = { read: 3, write: 3 };
    const apps = [await startProcess(qlik.endpoint, perMinute), await startProcess(qlik.endpoint, perMinute)];
    const host = newHost();
    const calls = await Promise.allSettled(apps.flatMap((app) => [0, 1, 2].map(() => list(app, host))));
    expect(calls.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(qlik.apiCalls).toHaveLength(3);
  });
});

describe('a store that fails', () => {
  const closing: (() => Promise<unknown> | void)[] = [];
  let warned: unknown[][] = [];
  afterEach(async () => {
    warned = [];
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function startAdmission(url: Secret | undefined, database = test.url): Promise<TestingModule> {
    const logger = { warn: (...line: unknown[]) => void warned.push(line), info: () => undefined } as unknown as Logger;
    const app = await Test.createTestingModule({
      imports: [
        DatabaseModule.forRoot({ url: database, maxConnections: 3 }),
        CallAdmissionModule.forRoot({ perMinute: { read: 2, write: 2 }, circuitOpenMs: 30_000, redisUrl: url, logger }),
      ],
    }).compile();
    closing.push(() => app.close());
    return app.init();
  }

  const send = async (app: TestingModule, host: string): Promise<string> => {
    const call = { operation: 'get-oauth-client', host } as const;
    return app
      .get(CallAdmission)
      .admit(call, undefined, () => Promise.resolve('sent'))
      .catch((error: { code: string }) => error.code);
  };

  const expectOwnLimits = async (app: TestingModule): Promise<void> => {
    const host = newHost();
    const sent = [await send(app, host), await send(app, host), await send(app, host)];
    expect(sent).toEqual(['sent', 'sent', 'RATE_LIMIT_REACHED']);
    expect(warned).toEqual([
      [{ reason: expect.any(String) }, expect.stringContaining('The store of the call limits does not answer')],
    ]);
  };

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'lets a process keep within the limits by itself while Redis is ended by %s, and share them again afterwards',
    async (signal) => {
      const own = await startRedis();
      closing.push(() => own.stop());
      const app = await startAdmission(own.url);
      expect(await send(app, newHost())).toBe('sent');
      await own.kill(signal);
      await expectOwnLimits(app);
      if (signal === 'SIGKILL') await own.restart();
      else await own.kill('SIGCONT');
      const seen: Redis = await openLimitsRedis(own.url);
      closing.push(() => seen.disconnect());
      for (const host = newHost(); (await seen.exists(`tp:qlik-calls:read:${host}`)) === 0;) {
        await send(app, host);
        await delay(50);
      }
    },
  );

  it('lets a process start and keep within the limits by itself without Redis', async () => {
    const gone = await startRedis();
    await gone.stop();
    await expectOwnLimits(await startAdmission(gone.url));
  });

  it('lets a process keep within the limits by itself while PostgreSQL does not answer', async () => {
    const own = await createTestDatabase();
    const app = await startAdmission(undefined, own.url);
    expect(await send(app, newHost())).toBe('sent');
    await own.close();
    await expectOwnLimits(app);
  });
});

describe('the table of the call limits', () => {
  it('is not logged, so that no call waits for a disk', async () => {
    const rows = await test.database.sql.$queryRaw<{ relpersistence: string }[]>`
      SELECT relpersistence FROM pg_class WHERE relname = 'call_limits'`;
    expect(rows).toEqual([{ relpersistence: 'u' }]);
  });

  it('is rid of tenants that nobody calls when a process starts', async () => {
    const limits = new PostgresCallLimits(test.database, { read: 2, write: 2 });
    const [old, recent] = [newHost(), newHost()];
    for (const host of [old, recent]) await limits.take(host, 'read');
    await test.database.sql
      .$executeRaw`UPDATE call_limits SET resets_at = now() - interval '2 hours' WHERE tenant_host = ${old}`;
    await limits.onModuleInit();
    const rows = await test.database.sql.$queryRaw<{ host: string }[]>`
      SELECT tenant_host AS host FROM call_limits WHERE tenant_host IN (${old}, ${recent})`;
    expect(rows).toEqual([{ host: recent }]);
  });
});

const redisUrlOf = (backend: Backend): Secret | undefined => (backend === 'redis' ? redis.url : undefined);
