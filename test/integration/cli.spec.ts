import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { ApiKeys, OperatorLogins } from '@app/access';
import { AuditTrail } from '@app/audit';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const MAIN = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');

// Each command is a process of its own.
jest.setTimeout(60_000);

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the built CLI; a process that does not end by itself fails the test. */
const cli = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  new Promise<Ended>((resolve, reject) => {
    const surroundings = { PATH: process.env.PATH, DATABASE_URL: test.url.reveal(), ...env };
    execFile(process.execPath, [MAIN, ...args], { env: surroundings, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(new Error('The CLI did not end.', { cause: error }));
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });

const json = (ended: Ended) => JSON.parse(ended.stdout) as Record<string, unknown>;
const error = (ended: Ended) => (JSON.parse(ended.stderr) as { error: { code: string; message: string } }).error;
let made = 0;
const create = (...args: string[]) =>
  cli(['api-keys', 'create', '--name', `crm ${++made}`, '--scopes', 'customers:read,runs:read', ...args]);
const apiKeys = () => new ApiKeys(test.database, new AuditTrail(test.database), { warn: () => undefined });

const onServer = async (database: string, sql: string) => {
  const client = new pg.Client({ connectionString: test.url.reveal().replace(/[^/]+$/, database) });
  await client.connect();
  try {
    return await client.query<Record<string, string>>(sql);
  } finally {
    await client.end();
  }
};

const withEmptyDatabase = async (work: (url: string, name: string) => Promise<void>) => {
  const name = `cli_${randomBytes(6).toString('hex')}`;
  await onServer('postgres', `CREATE DATABASE ${name}`);
  try {
    await work(test.url.reveal().replace(/[^/]+$/, name), name);
  } finally {
    await onServer('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
  }
};

describe('api-keys', () => {
  it('creates a key that lets its holder in; standard output is one line of JSON', async () => {
    const ended = await create('--expires', '12h', '--json');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(1);
    const { id, key, ...rest } = json(ended) as { id: string; key: string };
    expect(rest).toEqual({});
    expect(await apiKeys().authenticate(key)).toMatchObject({ id, scopes: ['customers:read', 'runs:read'] });
    const { expiresAt, createdAt } = await test.database.client.apiKey.findUniqueOrThrow({ where: { id } });
    expect(Math.abs(expiresAt.getTime() - createdAt.getTime() - 43_200_000)).toBeLessThan(60_000);
  });

  it('shows a key to people with what to do; it ends after 90 days by default', async () => {
    const { code, stdout } = await create();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^id {7}[a-z0-9]{12}\nkey {6}tp_\w+\nexpires {2}\S+Z\n.*not shown again/);
    const expires = Date.parse(/expires\s+(\S+)/.exec(stdout)![1]!);
    expect(Math.round((expires - Date.now()) / 86_400_000)).toBe(90);
  });

  it('lists keys, and never what lets one in', async () => {
    const { id, key } = json(await create('--json')) as { id: string; key: string };
    const [listed, shown] = [await cli(['api-keys', 'list', '--json']), await cli(['api-keys', 'list'])];
    expect(json(listed).keys).toContainEqual(expect.objectContaining({ id, state: 'active', lastUsedAt: null }));
    expect(shown.stdout).toMatch(/^ID\s+STATE\s+EXPIRES\s+LAST USED\s+NAME\s+SCOPES\n/);
    expect(shown.stdout).toContain(`${id}  active`);
    expect(listed.stdout + shown.stdout).not.toContain(key.split('_')[2]);
  });

  it('revokes a key', async () => {
    const { id, key } = json(await create('--json')) as { id: string; key: string };
    const ended = await cli(['api-keys', 'revoke', id, '--json']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(json(ended)).toEqual({ id, state: 'revoked' });
    await expect(apiKeys().authenticate(key)).rejects.toMatchObject({ code: 'API_KEY_REVOKED' });
  });

  it('replaces a key: both work until the overlap is over', async () => {
    const old = json(await create('--json')) as { id: string; key: string };
    const ended = await cli(['api-keys', 'replace', old.id, '--overlap', '12h', '--expires', '30d', '--json']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { id, key, replaces, ...rest } = json(ended) as {
      id: string;
      key: string;
      replaces: { id: string; expiresAt: string };
    };
    expect([rest, replaces.id]).toEqual([{}, old.id]);
    expect(Math.abs(Date.parse(replaces.expiresAt) - Date.now() - 43_200_000)).toBeLessThan(60_000);
    const [before, after] = [await apiKeys().authenticate(old.key), await apiKeys().authenticate(key)];
    expect(after).toMatchObject({ id, name: before.name, scopes: before.scopes });
    const again = await cli(['api-keys', 'replace', id, '--json']);
    expect([again.code, error(again).code]).toEqual([1, 'API_KEY_NAME_IN_USE']);
    expect(error(again).message).toContain(`"${old.id}" and "${id}"`);
  });

  it('shows a replacement to people, with the end of the old key', async () => {
    const { id } = json(await create('--json')) as { id: string };
    const { code, stdout } = await cli(['api-keys', 'replace', id]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^id {12}[a-z0-9]{12}\nkey {11}tp_\w+\nexpires {7}\S+Z\nold key ends {2}\S+Z\n.*not shown again/,
    );
  });

  it('has no key of another id to revoke', async () => {
    const ended = await cli(['api-keys', 'revoke', 'doesnotexist', '--json']);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(error(ended).code).toBe('API_KEY_NOT_FOUND');
  });
});

describe('operators login-link', () => {
  it('prints a URL that lets its operator in once; the token is in the part that browsers keep', async () => {
    const ended = await cli(['operators', 'login-link', '--operator', 'jane', '--base-url', 'https://ops.example/tp/']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const [, token] = /^https:\/\/ops\.example\/tp\/login#([\w-]{43})\n$/.exec(ended.stdout) ?? [];
    const logins = new OperatorLogins(test.database, new AuditTrail(test.database));
    expect((await logins.signIn(token!)).session.operator).toBe('jane');
    await expect(logins.signIn(token!)).rejects.toMatchObject({ code: 'LOGIN_LINK_USED' });
  });

  it('names this machine by default, and tells the URL as JSON', async () => {
    const ended = await cli(['operators', 'login-link', '--operator', 'jane', '--json']);
    expect(json(ended)).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:3001\/login#[\w-]{43}$/) });
  });
});

describe('migrate', () => {
  it('makes our tables and the queue’s in an empty database, and has nothing to do a second time', () =>
    withEmptyDatabase(async (url, name) => {
      const [first, second] = [
        await cli(['migrate', '--json'], { DATABASE_URL: url }),
        await cli(['migrate'], { DATABASE_URL: url }),
      ];
      expect([first.code, first.stderr, second.code, second.stderr]).toEqual([0, '', 0, '']);
      expect(json(first).applied).toEqual(expect.arrayContaining([expect.stringContaining('_initial')]));
      expect(second.stdout).toBe('The database is up to date.\n');
      const { rows } = await onServer(
        name,
        `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables`,
      );
      const tables = rows.map((row) => row.name);
      expect(tables).toContain('public.customers');
      expect(tables.filter((table) => table!.startsWith('bullmq.'))).not.toEqual([]);
    }));

  it('may be run by several at once', () =>
    withEmptyDatabase(async (url) => {
      const runs = await Promise.all([1, 2, 3].map(() => cli(['migrate', '--json'], { DATABASE_URL: url })));
      expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([1, 2, 3].map(() => [0, '']));
    }));

  it('is what another command asks for when the tables are not there', () =>
    withEmptyDatabase(async (url) => {
      const ended = await cli(['api-keys', 'list', '--json'], { DATABASE_URL: url });
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(error(ended)).toMatchObject({ code: 'DATABASE_NOT_MIGRATED' });
      const verify = await cli(['audit', 'verify', '--json'], { DATABASE_URL: url });
      expect(error(verify)).toMatchObject({ code: 'DATABASE_NOT_MIGRATED' });
    }));
});

describe('audit verify', () => {
  const customer = '0198c0de-0000-7000-8000-000000000001';
  const append = (chain: string) =>
    test.database.transaction((tx) =>
      new AuditTrail(test.database).append(tx, { chain, action: 'run.succeeded', actor: 'worker', subject: {} }),
    );

  it('ends with 0 while every chain is intact, and with 3 when one is not, naming its first broken event', async () => {
    await append(customer);
    await append(customer);
    await append('system');
    expect(json(await cli(['audit', 'verify', '--json']))).toMatchObject({ intact: true, chains: 2, broken: [] });
    expect((await cli(['audit', 'verify', '--customer', customer])).stdout).toBe('Intact: 2 events in 1 chain.\n');

    await test.database.transaction(async (tx) => {
      await tx.$executeRawUnsafe(`SET LOCAL session_replication_role = replica`);
      await tx.$executeRaw`UPDATE audit_events SET actor = 'nobody' WHERE chain = ${customer} AND sequence = 2`;
    });
    const { id } = await test.database.client.auditEvent.findFirstOrThrow({ where: { chain: customer, sequence: 2 } });
    const [all, one, shown] = [
      await cli(['audit', 'verify', '--json']),
      await cli(['audit', 'verify', '--customer', customer.toUpperCase(), '--json']),
      await cli(['audit', 'verify']),
    ];
    expect([all, one, shown].map(({ code, stderr }) => [code, stderr])).toEqual([1, 2, 3].map(() => [3, '']));
    const broken = [{ chain: customer, intact: false, events: 1, firstBroken: { sequence: 2, eventId: id } }];
    expect(json(all)).toMatchObject({ intact: false, chains: 2, broken });
    expect(json(one)).toMatchObject({ intact: false, chains: 1, broken });
    expect(shown.stdout).toContain(`Chain "${customer}" is broken at event 2 (${id}): was changed`);
  });
});

describe('a command that is called wrongly', () => {
  it.each([
    ['an unknown scope', ['api-keys', 'create', '--name', 'c', '--scopes', 'customers:all'], '"customers:all"'],
    ['no login name', ['operators', 'login-link', '--operator', 'jane doe'], '"jane doe"'],
  ])('ends with 2, and changes nothing: %s', async (_what, args, message) => {
    const before = await test.database.client.auditEvent.count();
    const ended = await cli(args);
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    expect(await test.database.client.auditEvent.count()).toBe(before);
  });
});

describe('a database that is not there', () => {
  const commands = [['migrate'], ['api-keys', 'list'], ['audit', 'verify']];
  const everywhere = async (url: string, expected: object) => {
    for (const args of commands) {
      const ended = await cli([...args, '--json'], { DATABASE_URL: url });
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(error(ended)).toMatchObject(expected);
      expect(ended.stderr).not.toContain('hunter2');
      expect(ended.stderr).not.toMatch(/\n\s+at /);
    }
  };

  it.each(['127.0.0.1', 'localhost'])('is named by host and port when %s refuses the connection', async (host) => {
    const port = await closedPort();
    await everywhere(`postgres://jane:hunter2@${host}:${port}/x`, {
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringMatching(new RegExp(`${host}:${port} .*ECONNREFUSED.*DATABASE_URL`)),
    });
  });

  it('is named when the server refuses the user or the database', async () => {
    const server = test.url.reveal();
    await everywhere(server.replace(/[^/]+$/, 'no_such_database'), {
      code: 'DATABASE_REFUSED',
      message: expect.stringMatching(/"no_such_database" .*3D000.*DATABASE_URL/),
    });
    await everywhere(server.replace('postgres:postgres@', 'postgres:hunter2@'), {
      code: 'DATABASE_REFUSED',
      message: expect.stringMatching(/"postgres".*28P01/),
    });
  });

  it.each([
    ['is missing', ''],
    ['must start with postgres', 'mysql://jane:hunter2@127.0.0.1/x'],
    ['must be postgresql', 'postgres://jane:hunter2@127.0.0.1:port/x'],
  ])('is a setting at fault: DATABASE_URL %s', async (message, url) => {
    await everywhere(url, {
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining(`DATABASE_URL: ${message}`),
    });
  });
});

/** A port that nothing listens on. */
function closedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
