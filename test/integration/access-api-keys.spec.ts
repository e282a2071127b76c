import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { API_KEY_MAX_LIFETIME_MS, ApiKeys, type NewApiKey, scopes } from '@app/access';
import { AuditTrail, AuditVerification } from '@app/audit';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const DAY_MS = 86_400_000;

let test: TestDatabase;
let audit: AuditTrail;
let keys: ApiKeys;
let now: Date;
let warnings: unknown[];

beforeAll(async () => {
  test = await createTestDatabase();
  audit = new AuditTrail(test.database);
});
afterAll(() => test.close());
beforeEach(() => {
  now = new Date();
  warnings = [];
  keys = open();
});

const open = (database = test.database) =>
  new ApiKeys(database, audit, { warn: (...args: unknown[]) => void warnings.push(args) }, () => now);

let made = 0;
const create = (request: Partial<NewApiKey> = {}) =>
  keys.create({
    name: `crm ${++made}`,
    scopes: ['customers:read', 'runs:read'],
    expiresAt: new Date(now.getTime() + DAY_MS),
    actor: 'cli',
    ...request,
  });

const lastEvent = async () => (await audit.list({ chain: 'system', limit: 1 })).events[0];
const lastUsedAt = async (id: string) =>
  (await test.database.client.apiKey.findUniqueOrThrow({ where: { id } })).lastUsedAt;

/** Puts another character into the secret part and mends the checksum, as somebody would who guesses. */
const withOtherSecret = async (id: string) => {
  const other = await create();
  const { secretHash } = await test.database.client.apiKey.findUniqueOrThrow({ where: { id: other.id } });
  const original = await test.database.client.apiKey.findUniqueOrThrow({ where: { id } });
  await test.database.client.apiKey.update({ where: { id: other.id }, data: { secretHash: original.secretHash } });
  expect(Buffer.from(secretHash)).not.toEqual(Buffer.from(original.secretHash));
  return other;
};

describe('a key', () => {
  it('lets its holder in, with its scopes', async () => {
    const { id, key } = await create();
    expect(await keys.authenticate(key.reveal())).toEqual({
      kind: 'api-key',
      id,
      name: `crm ${made}`,
      scopes: ['customers:read', 'runs:read'],
      actor: `api-key:${id}`,
    });
  });

  it('is one of several that may be active, so that keys can be changed without a gap', async () => {
    const name = 'changing';
    const [first, second] = [await create({ name }), await create({ name })];
    await keys.revoke(first.id, 'cli');
    expect((await keys.authenticate(second.key.reveal())).id).toBe(second.id);
    await expect(keys.authenticate(first.key.reveal())).rejects.toMatchObject({ code: 'API_KEY_REVOKED' });
  });

  it('tells the audit trail that it was made and revoked, in ids alone', async () => {
    const { id } = await create({ name: 'a name that is not told', actor: 'operator:jane' });
    expect(await lastEvent()).toMatchObject({
      action: 'api_key.created',
      actor: 'operator:jane',
      subject: { apiKeyId: id },
      data: { scopes: 'customers:read runs:read', expiresAt: new Date(now.getTime() + DAY_MS).toISOString() },
    });
    await keys.revoke(id, 'operator:joe');
    const revoked = await lastEvent();
    expect(revoked).toMatchObject({ action: 'api_key.revoked', actor: 'operator:joe', subject: { apiKeyId: id } });
    await keys.revoke(id, 'operator:joe');
    expect((await lastEvent())?.id).toBe(revoked?.id);
    expect(await new AuditVerification(test.database).verify('system')).toMatchObject({ intact: true });
  });

  it('is not made when its audit event cannot be written', async () => {
    const before = await test.database.client.apiKey.count();
    await expect(create({ actor: 'x'.repeat(201) })).rejects.toMatchObject({ code: 'AUDIT_ENTRY_INVALID' });
    expect(await test.database.client.apiKey.count()).toBe(before);
  });

  it('is nowhere in the database in clear, whole or its secret part', async () => {
    const { id, key } = await create();
    const secret = key.reveal().split('_')[2]!;
    const tables = await test.database.client.$queryRaw<{ name: string }[]>`
      SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`;
    const holding = async (text: string) => {
      const found: string[] = [];
      for (const { name } of tables) {
        const rows = await test.database.client.$queryRawUnsafe<{ row: string }[]>(
          `SELECT t::text AS row FROM "${name}" t`,
        );
        const forms = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64')];
        if (rows.some(({ row }) => forms.some((form) => row.includes(form)))) found.push(name);
      }
      return found;
    };
    expect(await holding(id)).toEqual(expect.arrayContaining(['api_keys', 'audit_events']));
    expect(await holding(key.reveal())).toEqual([]);
    expect(await holding(secret.slice(0, 43))).toEqual([]);
  });
});

describe('a key that lets nobody in', () => {
  it('is malformed: the database is not asked', async () => {
    const unreachable = {} as never;
    const { key } = await create();
    await expect(open(unreachable).authenticate(key.reveal().replace(/.$/, '!'))).rejects.toMatchObject({
      kind: 'unauthenticated',
      code: 'API_KEY_MALFORMED',
    });
  });

  it('is of another installation: nothing of ours is named', async () => {
    const { id, key } = await create();
    await test.database.client.apiKey.delete({ where: { id } });
    const error: unknown = await keys.authenticate(key.reveal()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'unauthenticated', code: 'API_KEY_UNKNOWN', keyId: undefined });
  });

  it('has the id of a key but not its secret: told like an unknown one, revoked or not', async () => {
    const { id } = await create();
    const guess = await withOtherSecret(id);
    const refusal = { code: 'API_KEY_UNKNOWN', keyId: guess.id, facts: {} };
    await expect(keys.authenticate(guess.key.reveal())).rejects.toMatchObject(refusal);
    await keys.revoke(guess.id, 'cli');
    await expect(keys.authenticate(guess.key.reveal())).rejects.toMatchObject(refusal);
  });

  it('expired: to the millisecond', async () => {
    const { id, key } = await create();
    const expiresAt = new Date(now.getTime() + DAY_MS);
    now = new Date(expiresAt.getTime() - 1);
    expect((await keys.authenticate(key.reveal())).id).toBe(id);
    now = expiresAt;
    await expect(keys.authenticate(key.reveal())).rejects.toMatchObject({
      kind: 'unauthenticated',
      code: 'API_KEY_EXPIRED',
      message: expect.stringContaining(expiresAt.toISOString()),
      keyId: id,
    });
  });

  it('was revoked, by another process too: from the next request on', async () => {
    const { id, key } = await create();
    await keys.authenticate(key.reveal());
    await open().revoke(id, 'cli');
    await expect(keys.authenticate(key.reveal())).rejects.toMatchObject({
      kind: 'unauthenticated',
      code: 'API_KEY_REVOKED',
      message: expect.stringContaining(id),
      keyId: id,
    });
  });
});

describe('making a key', () => {
  it.each<[string, () => Partial<NewApiKey>]>([
    ['SCOPE_UNKNOWN', () => ({ scopes: ['customers:read', 'customers:all'] })],
    ['SCOPE_UNKNOWN', () => ({ scopes: ['constructor'] })],
    ['SCOPE_UNKNOWN', () => ({ scopes: [] })],
    ['API_KEY_NAME_INVALID', () => ({ name: ' ' })],
    ['API_KEY_NAME_INVALID', () => ({ name: 'bell\u0007' })],
    ['API_KEY_NAME_INVALID', () => ({ name: 'x'.repeat(101) })],
    ['API_KEY_EXPIRY_INVALID', () => ({ expiresAt: now })],
    ['API_KEY_EXPIRY_INVALID', () => ({ expiresAt: new Date(now.getTime() + API_KEY_MAX_LIFETIME_MS + 1) })],
    ['API_KEY_EXPIRY_INVALID', () => ({ expiresAt: new Date(NaN) })],
  ])('is refused with %s', async (code, request) => {
    await expect(create(request())).rejects.toMatchObject({ kind: 'invalid', code });
  });

  it('lists the scopes there are when one does not exist', async () => {
    await expect(create({ scopes: ['nonsense'] })).rejects.toThrow(Object.keys(scopes).join(', '));
  });

  it('keeps a scope once', async () => {
    const { key } = await create({ scopes: ['runs:read', 'runs:read'] });
    expect((await keys.authenticate(key.reveal())).scopes).toEqual(['runs:read']);
  });
});

/** Resolves once so many sessions wait for a lock. */
const waitingForLocks = async (count: number) => {
  for (let waiting = 0n; waiting < count;) {
    [{ waiting } = { waiting: 0n }] = await test.database.client.$queryRaw<{ waiting: bigint }[]>`
      SELECT count(*) AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  }
};

describe('a name', () => {
  it('is given to two active keys at most, however many ask at once', async () => {
    const name = 'wanted';
    await create();
    const answers = await test.database.transaction(async (tx) => {
      // Nobody can commit until this ends, so that all six are under way together.
      await tx.$queryRaw`SELECT 1 FROM audit_chains WHERE chain = 'system' FOR UPDATE`;
      const all = Promise.allSettled(Array.from({ length: 6 }, () => create({ name })));
      await waitingForLocks(6);
      return { all };
    });
    const refused = (await answers.all).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const answer of refused) expect(answer).toMatchObject({ reason: { code: 'API_KEY_NAME_IN_USE' } });
  });

  it('is free again once a key of it is over', async () => {
    const name = 'changing often';
    const first = await create({ name, expiresAt: new Date(now.getTime() + 1000) });
    const second = await create({ name });
    now = new Date(now.getTime() + 1000);
    await create({ name });
    await expect(create({ name })).rejects.toMatchObject({ facts: { olderKeyId: second.id } });
    await keys.revoke(first.id, 'cli');
    await expect(create({ name })).rejects.toMatchObject({ code: 'API_KEY_NAME_IN_USE' });
    await keys.revoke(second.id, 'cli');
    expect((await create({ name })).name).toBe(name);
  });
});

describe('the list of keys', () => {
  it('tells the state of each, and no hash', async () => {
    const active = await create({ expiresAt: new Date(now.getTime() + 2 * DAY_MS) });
    const [expired, revoked] = [await create(), await create()];
    await keys.revoke(revoked.id, 'cli');
    now = new Date(now.getTime() + DAY_MS);
    const { keys: list } = await keys.list({ limit: 1000 });
    const stateOf = (id: string) => list.find((key) => key.id === id)?.state;
    expect([active, expired, revoked].map(({ id }) => stateOf(id))).toEqual(['active', 'expired', 'revoked']);
    expect(Object.keys(list[0]!).sort()).toEqual(
      ['createdAt', 'expiresAt', 'id', 'lastUsedAt', 'name', 'revokedAt', 'scopes', 'state'].sort(),
    );
  });

  it.each(['doesnotexist', 'tp_whole_key'])('has no %s to revoke, and does not repeat it', async (id) => {
    const revoking = keys.revoke(id, 'cli');
    await expect(revoking).rejects.toMatchObject({ kind: 'not-found', code: 'API_KEY_NOT_FOUND' });
    await expect(revoking).rejects.not.toThrow(id);
  });
});

describe('the last use of a key', () => {
  it('is noted at most once a minute, however many come at once', async () => {
    const { id, key } = await create();
    const first = now;
    const use = () => keys.authenticate(key.reveal());
    expect(await lastUsedAt(id)).toBeNull();
    await Promise.all(Array.from({ length: 10 }, use));
    await keys.onModuleDestroy();
    expect(await lastUsedAt(id)).toEqual(first);
    now = new Date(first.getTime() + 59_999);
    await use();
    await keys.onModuleDestroy();
    expect(await lastUsedAt(id)).toEqual(first);
    now = new Date(first.getTime() + 60_000);
    await use();
    await keys.onModuleDestroy();
    expect(await lastUsedAt(id)).toEqual(now);
  });

  it('is not noted for a key that lets nobody in', async () => {
    const { id, key } = await create();
    await keys.revoke(id, 'cli');
    await expect(keys.authenticate(key.reveal())).rejects.toMatchObject({ code: 'API_KEY_REVOKED' });
    await keys.onModuleDestroy();
    expect(await lastUsedAt(id)).toBeNull();
  });

  it('does not hold up the request: that it cannot be noted is only a warning', async () => {
    const { id, key } = await create();
    const readOnly = {
      sql: test.database.sql,
      client: { apiKey: { updateMany: () => Promise.reject(new Error('read-only')) } },
    } as never;
    const limited = open(readOnly);
    expect((await limited.authenticate(key.reveal())).id).toBe(id);
    await limited.onModuleDestroy();
    expect(warnings).toEqual([[expect.objectContaining({ apiKeyId: id }), expect.any(String)]]);
  });
});
