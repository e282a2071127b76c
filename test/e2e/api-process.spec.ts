import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys } from '@app/access';
import { AuditTrail } from '@app/audit';
import { explainStartFailure } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { pino } from 'pino';
import type { z } from 'zod';
import type { AcceptedCustomer } from '../../apps/api/src/customers/customer.schema.js';
import { startApi } from '../../apps/api/src/start-api.js';
import { makeApiKey } from '../api-key.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { LOCAL_KEYS, newCustomer, startApiUnderTest } from './api-under-test.js';

const silent = { logger: pino({ level: 'silent' }) };

const refusal = async (env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  const error: unknown = await startApi(env, silent).then(
    () => new Error('It started.'),
    (thrown: unknown) => thrown,
  );
  return explainStartFailure(error);
};

describe('health', () => {
  it('is alive and ready, until a migration is missing', async () => {
    const api = await startApiUnderTest();
    try {
      expect(await api.call('GET', '/livez', { key: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(await api.call('GET', '/readyz', { key: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
      await api.database.client.$executeRaw`UPDATE _prisma_migrations SET finished_at = NULL`;
      expect(await api.call('GET', '/readyz', { key: null })).toMatchObject({
        status: 503,
        body: { code: 'MIGRATIONS_PENDING' },
      });
    } finally {
      await api.close();
    }
  });
});

describe('start and stop', () => {
  let test: TestDatabase;
  let blocker: Server;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    test = await createTestDatabase();
    await migrateQueue(test.url);
    env = { DATABASE_URL: test.url.reveal(), LOCAL_KEYS, PORT: '0' };
    blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
  });

  afterAll(async () => {
    blocker.close();
    await test.close();
  });

  it('names the keys of a bad configuration, never their values', async () => {
    const said = await refusal({ DATABASE_URL: 'mysql://user:hunter2@host/db', PORT: '99999' });
    expect(said).toContain('DATABASE_URL');
    expect(await refusal({ ...env, DATABASE_URL: 'postgres://pos tgres:pw@:x/one' })).toMatch(
      /DATABASE_URL: must be postgresql:/,
    );
    expect(said).toContain('PORT');
    expect(said).not.toContain('hunter2');
  });

  it('says that its port is in use', async () => {
    const { port } = blocker.address() as { port: number };
    expect(await refusal({ ...env, PORT: String(port) })).toContain(`Port ${port} on 127.0.0.1 is in use.`);
  });

  it('says that the database does not answer', async () => {
    expect(await refusal({ ...env, DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z' })).toContain(
      'The database does not answer',
    );
  });

  it('says that the database does not let it in', async () => {
    const url = new URL(test.url.reveal());
    url.pathname = '/no-such-database';
    const said = await refusal({ ...env, DATABASE_URL: url.href });
    expect(said).toContain('does not let us in');
    expect(said).not.toContain('no-such-database');
  });

  it('says that the database was never migrated', async () => {
    const empty = await createTestDatabase();
    await empty.database.client.$executeRaw`DROP TABLE installation_settings`;
    expect(await refusal({ ...env, DATABASE_URL: empty.url.reveal() })).toContain('npm run db:migrate');
    await empty.close();
  });

  it('does not start on another queue backend than the recorded one', async () => {
    await (await startApi(env, silent)).close();
    expect(await refusal({ ...env, REDIS_URL: 'redis://127.0.0.1:1' })).toContain('REDIS_URL');
  });

  it('answers what is under way before it closes, and does not wait for the connection to idle away', async () => {
    const key = await makeApiKey(test.database, ['runs:write']);
    const api = await startApi(env, silent);
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    let reply = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (reply += chunk));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const head = ['POST /v1/runs/x/cancel HTTP/1.1', `Host: ${hostname}`, 'Content-Type: application/json'];
    const more = [
      `Authorization: Bearer ${key}`,
      'Content-Length: 2',
      'Connection: keep-alive',
      'Expect: 100-continue',
    ];
    socket.write([...head, ...more, '', ''].join('\r\n'));
    await new Promise((resolve) => socket.once('data', resolve));
    expect(reply).toMatch(/^HTTP\/1.1 100 /);
    const closed = api.close();
    await refusedConnection(hostname, Number(port));
    socket.write('{}');
    await ended;
    expect(reply).toContain('HTTP/1.1 400 ');
    expect(reply.toLowerCase()).toContain('connection: close');
    await closed;
  });

  it('closes at once in spite of connections that are kept alive, and lets its port go', async () => {
    const api = await startApi(env, silent);
    expect((await fetch(`${api.url}/livez`)).status).toBe(200);
    await api.close();
    await expect(fetch(`${api.url}/livez`)).rejects.toThrow();
  });

  it('closes at once in spite of a connection on which nothing was ever sent', async () => {
    const api = await startApi(env, silent);
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await api.close();
    await ended;
  });
});

describe('without the database', () => {
  it('answers 503 with Retry-After, and serves again when it is back', async () => {
    const test = await createTestDatabase();
    await migrateQueue(test.url);
    const proxy = await startProxy(new URL(test.url.reveal()));
    const env = { DATABASE_URL: proxy.url, LOCAL_KEYS, PORT: '0' };
    const api = await startApi(env, silent);
    const apiKeys = new ApiKeys(test.database, new AuditTrail(test.database), silent.logger);
    const expiresAt = new Date(Date.now() + 60_000);
    const { key } = await apiKeys.create({ name: 'Test', scopes: ['runs:read'], expiresAt, actor: 'test' });
    const get = (path: string) => fetch(api.url + path, { headers: { authorization: `Bearer ${key.reveal()}` } });
    try {
      expect((await get('/v1/runs')).status).toBe(200);
      await proxy.stop();
      for (const path of ['/readyz', '/v1/runs', '/v1/runs']) {
        const answer = await get(path);
        expect([path, answer.status, await answer.json()]).toMatchObject([path, 503, { code: 'DATABASE_UNAVAILABLE' }]);
        expect(answer.headers.get('retry-after')).toBe('5');
      }
      expect((await get('/livez')).status).toBe(200);
      await proxy.start();
      expect((await get('/readyz')).status).toBe(200);
      expect((await get('/v1/runs')).status).toBe(200);
    } finally {
      await api.close();
      await proxy.stop();
      await test.close();
    }
  });
});

describe('without Redis', () => {
  it('accepts customers all the same', async () => {
    const api = await startApiUnderTest({ REDIS_URL: 'redis://127.0.0.1:1' });
    try {
      const call = { body: newCustomer(), headers: { 'idempotency-key': 'no-redis' } };
      const answer = await api.call<z.output<typeof AcceptedCustomer>>('POST', '/v1/customers', call);
      expect(answer).toMatchObject({ status: 202, body: { run: { state: 'queued' } } });
      expect(await api.call('GET', '/readyz')).toMatchObject({ status: 200 });
    } finally {
      await api.close();
    }
  });
});

/** Resolves once nothing takes connections there. */
async function refusedConnection(hostname: string, port: number): Promise<void> {
  for (let refused = false; !refused;) {
    refused = await new Promise<boolean>((resolve) => {
      const socket = connect(port, hostname);
      socket.on('error', () => resolve(true)).on('connect', () => socket.destroy());
      socket.on('close', () => resolve(false));
    });
  }
}

/** A way to PostgreSQL that can be cut. */
async function startProxy(target: URL): Promise<{ url: string; start(): Promise<void>; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let server: Server;
  let port = 0;
  const start = async (): Promise<void> => {
    server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
      }
      client.on('close', () => upstream.destroy()).pipe(upstream);
      upstream.on('close', () => client.destroy()).pipe(client);
    }).listen(port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    port = (server.address() as { port: number }).port;
  };
  await start();
  const url = new URL(target);
  url.port = String(port);
  url.hostname = '127.0.0.1';
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { url: url.href, start, stop };
}
