import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Notifications, Secret } from '@app/platform';
import { AuditTrail } from '@app/audit';
import { v7 } from 'uuid';
import { TcpProxy } from '../chaos/rig/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
const opened: Notifications[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterEach(async () => {
  for (const notifications of opened.splice(0)) await notifications.onModuleDestroy();
});
afterAll(() => test.close());

const told: { channel: string; subject: string }[] = [];
let lost = 0;

/** A process that listens to both channels, and hears. */
async function listening(url = test.url, lines: string[] = []): Promise<Notifications> {
  told.length = 0;
  lost = 0;
  const log = (_fields: unknown, message?: string): void => void lines.push(message ?? '');
  const logger = { info: log, warn: log } as never;
  const notifications = new Notifications(test.database, { url, logger });
  opened.push(notifications);
  for (const channel of ['customer_changed', 'api_key_changed']) {
    notifications.subscribe(channel, {
      changed: (subject) => void told.push({ channel, subject }),
      lost: () => void (lost += 1),
    });
  }
  notifications.onApplicationBootstrap();
  await until(() => notifications.isHearing);
  return notifications;
}

/** Lets everything else go on until `isReached`. */
async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What was told of these changes, all of them: notifications come in order, so that a last one shows that no more will come. */
async function toldOf(change: () => Promise<unknown>): Promise<string[]> {
  told.length = 0;
  await change();
  await test.database.sql.$executeRaw`SELECT pg_notify('customer_changed', 'the last one')`;
  await until(() => told.at(-1)?.subject === 'the last one');
  return told.slice(0, -1).map(({ channel, subject }) => `${channel} ${subject}`);
}

describe('what the database tells', () => {
  const sql: TestDatabase['database']['sql']['$executeRaw'] = (...statement) =>
    test.database.sql.$executeRaw(...statement);
  const customerId = v7();
  const oauthClientId = v7();
  const secretId = v7();
  const apiKeyId = 'abcdefghijkl';
  const customer = [`customer_changed ${customerId}`];
  const apiKey = [`api_key_changed ${apiKeyId}`];

  beforeAll(async () => {
    const dataKeyId = v7();
    await sql`INSERT INTO customers (id, external_id, name, tenant_host, updated_at) VALUES (${customerId}::uuid, 'c', 'C', 'c.eu.qlikcloud.com', now())`;
    await sql`INSERT INTO data_keys (id, owner, owner_id, key_encryption_key_id, wrapped) VALUES (${dataKeyId}::uuid, 'customer', ${customerId}, 'k', 'w')`;
    await sql`INSERT INTO oauth_clients (id, customer_id, tenant_host, client_id, client_name, created_by_run)
      VALUES (${oauthClientId}::uuid, ${customerId}::uuid, 'c.eu.qlikcloud.com', 'id', 'n', ${v7()}::uuid)`;
    await sql`INSERT INTO secret_versions (id, customer_id, oauth_client_id, version, sealed, data_key_id)
      VALUES (${secretId}::uuid, ${customerId}::uuid, ${oauthClientId}::uuid, 1, 's', ${dataKeyId}::uuid)`;
    await sql`INSERT INTO api_keys (id, name, secret_hash, expires_at) VALUES (${apiKeyId}, 'n', '\\x00'::bytea, now())`;
  });

  it.each<[string, () => Promise<unknown>, string[]]>([
    ['a customer’s state', () => sql`UPDATE customers SET state = 'ready'`, customer],
    ['a customer’s host', () => sql`UPDATE customers SET tenant_host = 'd.eu.qlikcloud.com'`, customer],
    ['a customer’s scopes', () => sql`UPDATE customers SET scopes = '{a}'`, customer],
    ['a customer’s next date alone', () => sql`UPDATE customers SET next_rotation_at = now()`, []],
    ['a version’s promotion', () => sql`UPDATE secret_versions SET state = 'current'`, customer],
    ['a version’s first read alone', () => sql`UPDATE secret_versions SET first_read_at = now()`, []],
    ['a version’s hint alone', () => sql`UPDATE secret_versions SET hint = 'h'`, []],
    ['a version’s retirement', () => sql`UPDATE secret_versions SET retired_at = now()`, customer],
    ['a version’s revocation', () => sql`UPDATE secret_versions SET state = 'revoked', sealed = NULL`, customer],
    ['a version that is gone', () => sql`DELETE FROM secret_versions`, customer],
    ['a client’s deletion', () => sql`UPDATE oauth_clients SET state = 'deleted'`, customer],
    ['a key’s use alone', () => sql`UPDATE api_keys SET last_used_at = now()`, []],
    ['a key’s revocation', () => sql`UPDATE api_keys SET revoked_at = now()`, apiKey],
    ['a key’s scopes', () => sql`UPDATE api_keys SET scopes = '{a}'`, apiKey],
    ['a key’s expiry', () => sql`UPDATE api_keys SET expires_at = now() + interval '1 day'`, apiKey],
    ['a key that is gone', () => sql`DELETE FROM api_keys`, apiKey],
  ])('%s', async (_what, change, expected) => {
    await listening();
    expect(await toldOf(change)).toEqual(expected);
  });

  it('a repair, and no other event of the audit trail', async () => {
    await listening();
    const audit = new AuditTrail(test.database);
    const append = (action: 'drift.detected' | 'drift.repaired') =>
      test.database.sqlTransaction((tx) =>
        audit.append(tx, { chain: customerId, action, actor: 'worker', subject: {} }),
      );
    expect(await toldOf(() => append('drift.detected'))).toEqual([]);
    expect(await toldOf(() => append('drift.repaired'))).toEqual(customer);
  });

  it('nothing of what is rolled back', async () => {
    await listening();
    const rolledBack = test.database.sqlTransaction(async (tx) => {
      await tx.$executeRaw`UPDATE customers SET state = 'degraded'`;
      throw new Error('no');
    });
    expect(await toldOf(() => rolledBack.catch(() => undefined))).toEqual([]);
  });
});

describe('a process that listens', () => {
  it('counts as deaf, loses what it remembers, and listens again when its session is ended', async () => {
    const lines: string[] = [];
    const notifications = await listening(test.url, lines);
    await test.database.sql.$queryRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT pg_notify($1, $2)')
        AND pid <> pg_backend_pid()`;
    await until(() => lost > 0);
    expect(lost).toBe(2);
    await until(() => notifications.isHearing);
    expect(await toldOf(() => test.database.sql.$executeRaw`SELECT pg_notify('api_key_changed', 'k')`)).toEqual([
      'api_key_changed k',
    ]);
    expect(lines).toHaveLength(2);
  });

  it('counts as deaf within seconds when its connection goes silent, and listens again on another', async () => {
    const proxy = await TcpProxy.startBefore(test.url);
    try {
      const notifications = await listening(proxy.lead(test.url));
      proxy.goSilent();
      await until(() => !notifications.isHearing);
      await until(() => lost > 0);
      proxy.recover();
      await until(() => notifications.isHearing);
      expect(await toldOf(() => test.database.sql.$executeRaw`SELECT pg_notify('api_key_changed', 'k')`)).toHaveLength(
        1,
      );
    } finally {
      for (const notifications of opened.splice(0)) await notifications.onModuleDestroy();
      await proxy.stop();
    }
  });

  it('ends at once when it has only begun to connect, and when its connection is silent', async () => {
    const logger = { info: () => undefined, warn: () => undefined } as never;
    const hasty = new Notifications(test.database, { url: test.url, logger });
    hasty.onApplicationBootstrap();
    await hasty.onModuleDestroy();

    const proxy = await TcpProxy.startBefore(test.url);
    const silent = await listening(proxy.lead(test.url));
    proxy.goSilent();
    await silent.onModuleDestroy();
    await proxy.stop();
  });

  it('starts deaf, without an error, where there is no database, and ends at once', async () => {
    const logger = { info: () => undefined, warn: () => undefined } as never;
    const notifications = new Notifications(test.database, { url: new Secret('postgresql://x@127.0.0.1:1/x'), logger });
    notifications.onApplicationBootstrap();
    await new Promise((resolve) => setImmediate(resolve));
    expect(notifications.isHearing).toBe(false);
    await notifications.onModuleDestroy();
  });
});
