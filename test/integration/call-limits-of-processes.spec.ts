import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseModule, Secret } from '@app/platform';
import { OAuthClientsApi, ParentAccess, QlikModule } from '@app/qlik';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Redis } from 'ioredis';
import { type Logger, pino } from 'pino';
import { CallAdmissionModule } from '../../libs/qlik/src/admission/call-admission.module.js';
import { CallAdmission } from '../../libs/qlik/src/admission/call-admission.js';
import { openLimitsRedis } from '../../libs/qlik/src/admission/limits-redis.js';
import { QlikError } from '../../libs/qlik/src/qlik-error.js';
import { caught } from '../../libs/qlik/testing/caught.js';
import { json, LocalQlik, policy } from '../../libs/qlik/testing/local-qlik.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const backends = ['redis', 'postgres'] as const;

const newHost = () => `t${randomUUID()}.eu.qlikcloud.com`;

let test: TestDatabase;
let redis: RedisServer;
beforeAll(async () => {
  [test, redis] = await Promise.all([createTestDatabase(), startRedis()]);
});
afterAll(async () => {
  await Promise.all([test.close(), redis.stop()]);
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
            redisUrl: backend === 'redis' ? redis.url : undefined,
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

  /** Makes a call that Qlik answers with a 429. */
  const limit = async (app: TestingModule, host: string): Promise<void> => {
    const call = { operation: 'get-oauth-client', host } as const;
    const limited = new QlikError('QLIK_RATE_LIMITED', { ...call, retryAfterMs: 900_000 });
    expect(await caught(app.get(CallAdmission).admit(call, undefined, () => Promise.reject(limited)))).toBe(limited);
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

  it('heeds a 429 that Redis did not hear of, and has the others heed it once Redis is back', async () => {
    const own = await startRedis();
    closing.push(() => own.stop());
    const [one, other] = [await startAdmission(own.url), await startAdmission(own.url)];
    const host = newHost();
    await own.kill('SIGKILL');
    await limit(one, host);
    await own.restart();
    const seen = await openLimitsRedis(own.url);
    closing.push(() => seen.disconnect());
    while ((await seen.exists(`tp:qlik-calls:read:${host}`)) === 0) {
      expect(await send(one, host)).toBe('RATE_LIMIT_REACHED');
      await delay(50);
    }
    for (const another = newHost(); (await seen.exists(`tp:qlik-calls:read:${another}`)) === 0;) {
      await send(other, another);
      await delay(50);
    }
    expect(await send(other, host)).toBe('RATE_LIMIT_REACHED');
    expect(await send(one, host)).toBe('RATE_LIMIT_REACHED');
  });

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
