import { type ChildProcess, execFile } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { LocalKeyProvider, openKeyProvider, ROTATION_BATCH, Vault } from '@app/vault';
import { runProgram } from '../../apps/cli/src/program.js';
import { AWS_SURROUNDINGS, type KmsStandIn, startKmsStandIn } from '../kms-stand-in.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { expectToOpen, type Stored, storeSecrets } from './stored-secrets.js';

const MAIN = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const [OLD, CURRENT] = [`old:${randomBytes(32).toString('base64')}`, `current:${randomBytes(32).toString('base64')}`];

// Each command is a process of its own.
jest.setTimeout(60_000);

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  await test.database.client.dataKey.deleteMany();
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Starts the built CLI; `ended` rejects when a process does not end by itself. */
function startCli(args: string[], env: NodeJS.ProcessEnv): { child: ChildProcess; ended: Promise<Ended> } {
  const surroundings = { PATH: process.env.PATH, DATABASE_URL: test.url.reveal(), ...env };
  let child: ChildProcess | undefined;
  const ended = new Promise<Ended>((resolve, reject) => {
    const options = { env: surroundings, timeout: 60_000 };
    child = execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(new Error('The CLI did not end.', { cause: error }));
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
  return { child: child!, ended };
}
const keys = (args: string[], localKeys = `${CURRENT},${OLD}`, env: NodeJS.ProcessEnv = {}) =>
  startCli(['keys', ...args], { LOCAL_KEYS: localKeys, ...env }).ended;
const json = (ended: Ended) => JSON.parse(ended.stdout) as unknown;

const vaultWith = (...localKeys: string[]) => {
  const provider = new LocalKeyProvider(
    localKeys.map((text) => {
      const [id = '', value = ''] = text.split(':');
      return { id, key: createSecretKey(Buffer.from(value, 'base64')) };
    }),
  );
  return new Vault(test.database, new AuditTrail(test.database), provider);
};

const store = (localKey: string, count: number): Promise<Stored[]> => storeSecrets(vaultWith(localKey), count);

describe('keys', () => {
  it('change in the order of the documentation: list, rotate, retire, remove', async () => {
    const stored = await store(OLD, 3);
    expect(json(await keys(['list', '--json']))).toEqual({
      keys: [
        { id: 'current', state: 'current', dataKeys: 0 },
        { id: 'old', state: 'older', dataKeys: 3 },
      ],
    });
    const early = await keys(['retire', 'old']);
    expect(early).toEqual({
      code: 3,
      stdout: '"old" is needed by 3 data keys: run keys rotate, then ask again.\n',
      stderr: '',
    });

    const rotated = await keys(['rotate', '--json']);
    expect([rotated.code, rotated.stderr]).toEqual([0, '']);
    expect(json(rotated)).toEqual({ current: 'current', rewrapped: 3, remaining: 0, failures: [] });
    expect(await keys(['rotate'])).toEqual({
      code: 0,
      stdout: 'Wrapped anew under "current": 0. Still under other keys: 0.\n',
      stderr: '',
    });
    const { events } = await new AuditTrail(test.database).list({ action: 'data_key.rewrapped', limit: 99 });
    expect(events.map(({ actor }) => actor.split(':')[0])).toEqual(['cli', 'cli', 'cli']);

    const retired = await keys(['retire', 'old']);
    expect([retired.code, retired.stderr]).toEqual([0, '']);
    expect(retired.stdout).toMatch(/^No data key needs "old"\. Remove it .+\nKeep the key itself .+ backups/);
    expect(json(await keys(['retire', 'old', '--json']))).toEqual({
      id: 'old',
      state: 'older',
      dataKeys: 0,
      removable: true,
    });
    expect((await keys(['list'], CURRENT)).stdout).toBe('ID       STATE    DATA KEYS\ncurrent  current  3\n');
    await expectToOpen(stored, vaultWith(CURRENT));
  });

  it('that other processes do not have wrap nothing, and are still listed', async () => {
    const stored = [...(await store(OLD, 1)), ...(await store(CURRENT, 1))];
    const stray = `current:${randomBytes(32).toString('base64')},${OLD}`;
    const ended = await keys(['rotate', '--json'], stray);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(ended.stderr)).toEqual({
      error: { code: 'KEYS_UNUSABLE', message: expect.stringContaining('"current"') },
    });
    await expectToOpen(stored, vaultWith(CURRENT, OLD));
    expect((await keys(['list'], stray)).code).toBe(0);
  });

  it('says that the current key is needed, and by how many data keys one that is missing', async () => {
    await store(OLD, 2);
    const [current, missing] = [await keys(['retire', 'current', '--json']), await keys(['retire', 'old'], CURRENT)];
    expect(current).toMatchObject({ code: 3, stderr: '' });
    expect(json(current)).toEqual({ id: 'current', state: 'current', dataKeys: 0, removable: false });
    expect((await keys(['retire', 'current'])).stdout).toContain('"current" is the current key');
    expect(missing).toMatchObject({ code: 3, stderr: '' });
    expect(missing.stdout).toContain('"old" is needed by 2 data keys and is not configured');
  });

  it('ends with 3 and names what it could not wrap anew', async () => {
    const [lost] = await store(`lost:${randomBytes(32).toString('base64')}`, 1);
    const ended = await keys(['rotate']);
    expect(ended).toMatchObject({ code: 3, stderr: '' });
    expect(ended.stdout).toContain('Still under other keys: 1.\nThe data key');
    expect(ended.stdout).toContain('Add "lost" to LOCAL_KEYS again');
    expect(json(await keys(['rotate', '--json']))).toMatchObject({
      remaining: 1,
      failures: [{ dataKeyId: lost!.secret.dataKeyId }],
    });
  });

  it.each([
    ['an id that no key has', ['retire', 'none'], {}, 'KEY_ENCRYPTION_KEY_NOT_FOUND', '"none"'],
    ['no keys', ['list'], { LOCAL_KEYS: '' }, 'CONFIGURATION_INVALID', 'LOCAL_KEYS: is missing'],
    ['keys that are none', ['rotate'], { LOCAL_KEYS: 'hunter2' }, 'CONFIGURATION_INVALID', 'LOCAL_KEYS: entry 1'],
    [
      'AWS KMS without keys',
      ['list'],
      { KEY_PROVIDER: 'aws-kms' },
      'CONFIGURATION_INVALID',
      'AWS_KMS_KEY_IDS: is missing',
    ],
  ])('ends with 1 for %s', async (_what, args, env, code, message) => {
    const ended = await keys([...args, '--json'], CURRENT, env);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(ended.stderr)).toEqual({ error: { code, message: expect.stringContaining(message) } });
    expect(ended.stderr).not.toContain('hunter2');
  });

  it('that do not fit the database seal no secret of a parent client', async () => {
    await store(OLD, 1);
    const [stdout, stderr]: string[][] = [[], []];
    const code = await runProgram(['parent-clients', 'set', 'eu', '--client-id', 'abc', '--json'], {
      env: { DATABASE_URL: test.url.reveal(), LOCAL_KEYS: CURRENT },
      stdin: Readable.from(['secret']),
      stdout: { write: (text) => stdout!.push(text) },
      stderr: { write: (text) => stderr!.push(text) },
    });
    expect([code, stdout]).toEqual([1, []]);
    expect(JSON.parse(stderr!.join(''))).toEqual({
      error: { code: 'KEYS_UNUSABLE', message: expect.stringContaining('"old"') },
    });
    expect(await test.database.client.parentClient.count()).toBe(0);
    expect(await test.database.client.dataKey.count()).toBe(1);
  });

  it('asks for the migrations where the tables are not there', async () => {
    const ended = await keys(['list', '--json'], CURRENT, {
      DATABASE_URL: test.url.reveal().replace(/[^/]+$/, 'postgres'),
    });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { code: 'DATABASE_NOT_MIGRATED' } });
  });

  it.each([
    [
      true,
      [],
      [
        `\r\x1b[K${ROTATION_BATCH} of ${ROTATION_BATCH + 1} data keys (99 %)`,
        `\r\x1b[K${ROTATION_BATCH + 1} of ${ROTATION_BATCH + 1} data keys (100 %)`,
        '\r\x1b[K',
      ],
    ],
    [true, ['--json'], []],
    [false, [], []],
  ])('shows how far it is to a terminal (%s) that reads no JSON (%j)', async (isTTY, options, shown) => {
    await store(OLD, ROTATION_BATCH + 1);
    const [stdout, stderr]: string[][] = [[], []];
    const code = await runProgram(['keys', 'rotate', ...options], {
      env: { DATABASE_URL: test.url.reveal(), LOCAL_KEYS: `${CURRENT},${OLD}` },
      stdout: { write: (text) => stdout!.push(text) },
      stderr: { isTTY, write: (text) => stderr!.push(text) },
    });
    expect([code, stderr, stdout!.length]).toEqual([0, shown, 1]);
  });
});

describe('keys rotate to AWS KMS', () => {
  let kms: KmsStandIn;
  let arn: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    kms = await startKmsStandIn();
    arn = kms.createKey('alias/vault');
    env = {
      ...AWS_SURROUNDINGS,
      KEY_PROVIDER: 'aws-kms',
      AWS_KMS_KEY_IDS: 'alias/vault',
      AWS_REGION: kms.region,
      AWS_ENDPOINT_URL_KMS: kms.url,
    };
  });
  afterAll(() => kms.stop());

  const expectRewrapped = async (stored: Stored[], count: number) => {
    const rows = await test.database.client.dataKey.findMany();
    const done = rows.filter(({ keyEncryptionKeyId }) => keyEncryptionKeyId === arn);
    expect([done.length, rows.length]).toEqual([count, stored.length]);
    const { events } = await new AuditTrail(test.database).list({ action: 'data_key.rewrapped', limit: 999 });
    const ids = new Set(rows.map(({ id }) => id));
    const told = events.map(({ subject }) => subject.dataKeyId!).filter((id) => ids.has(id));
    expect(told.sort()).toEqual(done.map(({ id }) => id).sort());
  };

  it('is killed at any request and goes on from there; what it left is old or new, and opens', async () => {
    const stored = await store(OLD, 4);
    // Per data key: Encrypt, Decrypt. Killed while the third key's new wrapping is asked for, and then while it is tried, after one of the first two was.
    for (const [operation, nth, done] of [
      ['Encrypt', 3, 2],
      ['Decrypt', 2, 2],
    ] as const) {
      const held = kms.hold(operation, nth);
      const { child, ended } = startCli(['keys', 'rotate'], { LOCAL_KEYS: OLD, ...env });
      await held.reached;
      child.kill('SIGKILL');
      await expect(ended).rejects.toThrow('The CLI did not end');
      held.release();
      await expectRewrapped(stored, done);
    }
    expect(json(await keys(['rotate', '--json'], OLD, env))).toEqual({
      current: arn,
      rewrapped: 2,
      remaining: 0,
      failures: [],
    });
    await expectRewrapped(stored, 4);
    expect((await keys(['retire', 'old'], OLD, env)).code).toBe(0);
    Object.assign(process.env, AWS_SURROUNDINGS);
    const provider = await openKeyProvider({
      NODE_ENV: 'test',
      KEY_PROVIDER: 'aws-kms',
      AWS_KMS_KEY_IDS: [arn],
      AWS_ENDPOINT_URL_KMS: kms.url,
      DATA_DIR: '',
    });
    await expectToOpen(stored, new Vault(test.database, new AuditTrail(test.database), provider));
    const verdicts = await new AuditVerification(test.database).verifyAll();
    expect(verdicts.filter(({ intact }) => !intact)).toEqual([]);
  });

  it('ends with 1 and one sentence when AWS KMS refuses its key, with nothing changed', async () => {
    const stored = await store(OLD, 1);
    const denied = kms.createKey('alias/denied');
    kms.deny(denied, 'Encrypt');
    const ended = await keys(['rotate', '--json'], OLD, { ...env, AWS_KMS_KEY_IDS: denied });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(ended.stderr)).toMatchObject({
      error: { code: 'KEY_ENCRYPTION_KEY_UNUSABLE', message: expect.stringContaining('AccessDeniedException') },
    });
    await expectToOpen(stored, vaultWith(OLD));
  });
});
