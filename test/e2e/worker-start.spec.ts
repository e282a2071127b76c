import { createSecretKey, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { migrateQueue } from '@app/queue';
import { LocalKeyProvider, Vault } from '@app/vault';
import { startAppProcess } from '../processes.js';
import { type RedisServer, startRedis } from '../redis-server.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

describe.each(['postgres', 'redis'] as const)('a worker that cannot start, on %s', (backend) => {
  let test: TestDatabase;
  let redis: RedisServer | undefined;
  let env: NodeJS.ProcessEnv;
  const key = randomBytes(32);

  beforeAll(async () => {
    test = await createTestDatabase();
    await migrateQueue(test.url);
    redis = backend === 'redis' ? await startRedis() : undefined;
    const keys = new LocalKeyProvider([{ id: 'k1', key: createSecretKey(key) }]);
    await new Vault(test.database, new AuditTrail(test.database), keys).ensureDataKey({ kind: 'region', id: 'eu' });
    env = {
      NODE_ENV: 'test',
      DATABASE_URL: test.url.reveal(),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url.reveal() }),
      LOCAL_KEYS: `k1:${key.toString('base64')}`,
      QLIK_REGIONS: 'eu',
      QLIK_PARENT_CLIENTS: '{"eu":{"clientId":"parent","clientSecret":"parent-secret"}}',
    };
  });
  afterAll(async () => {
    await redis?.stop();
    await test.close();
  });

  it.each([
    ['a wrong key', { LOCAL_KEYS: `k1:${randomBytes(32).toString('base64')}` }, /The keys do not fit the database/],
    ['a missing key', { LOCAL_KEYS: `k2:${randomBytes(32).toString('base64')}` }, /Add "k1" to LOCAL_KEYS again/],
    ['a lease too short', { RUN_LEASE_SECONDS: '1' }, /RUN_LEASE_SECONDS: must be/],
    ['an endpoint in production', { NODE_ENV: 'production', QLIK_ENDPOINT: 'http://127.0.0.1:1' }, /QLIK_ENDPOINT/],
  ])('for %s says so and ends with 1', async (_why, wrong, sentence) => {
    const start = startAppProcess('worker', { ...env, ...wrong });
    await expect(start).rejects.toThrow('The process "worker" ended with 1');
    await expect(start).rejects.toThrow(sentence);
  });

  it('for a port in use says so and ends with 1', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as { port: number };
    const start = startAppProcess('worker', { ...env, PORT: String(port) });
    await expect(start).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
    squatter.close();
  });

  it('starts once the cause is mended, and ends with 0 when it is told to', async () => {
    const worker = await startAppProcess('worker', env);
    expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
