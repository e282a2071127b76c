import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Database } from '@app/platform';
import type { CallLimits } from '../../libs/qlik/src/admission/call-limits.js';
import { openLimitsRedis } from '../../libs/qlik/src/admission/limits-redis.js';
import { PostgresCallLimits } from '../../libs/qlik/src/admission/postgres-call-limits.js';
import { RedisCallLimits } from '../../libs/qlik/src/admission/redis-call-limits.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const backends = ['redis', 'postgres'] as const;

/** PostgreSQL keeps when a pause ends in whole milliseconds, to the nearest, and tells what is left of it rounded up. */
const ROUNDING_MS = 1;

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
    return new RedisCallLimits(connection, perMinute);
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
      expect(waitMs).toBeLessThanOrEqual(60_000 + ROUNDING_MS);
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
      expect(waitMs).toBeLessThanOrEqual(30_000 + ROUNDING_MS);
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

  it('keeps the longest of many pauses that come at the same time', async () => {
    const processes = [await limitsOfAProcess(), await limitsOfAProcess(), await limitsOfAProcess()];
    for (let round = 0; round < 20; round += 1) {
      const host = newHost();
      const lengths = Array.from({ length: 24 }, () => 1_000 + Math.floor(Math.random() * 800_000));
      await Promise.all(lengths.map((ms, index) => processes[index % processes.length]!.pause(host, 'read', ms)));
      const waitMs = await processes[0]!.take(host, 'read');
      expect(waitMs).toBeGreaterThan(Math.max(...lengths) - 10_000);
      expect(waitMs).toBeLessThanOrEqual(Math.max(...lengths) + ROUNDING_MS);
    }
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
    expect(waitMs).toBeLessThanOrEqual(30_000 + ROUNDING_MS);
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
