import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let trail: AuditTrail;
let verification: AuditVerification;
let chain: string;

beforeAll(async () => {
  test = await createTestDatabase();
  trail = new AuditTrail(test.database);
  verification = new AuditVerification(test.database);
});
afterAll(() => test.close());

beforeEach(async () => {
  chain = randomUUID();
  await append(5);
});

const append = (count: number) =>
  test.database.transaction(async (tx) => {
    for (let n = 1; n <= count; n++) {
      await trail.append(tx, {
        chain,
        action: 'run.retried',
        actor: 'operator:jane',
        subject: { runId: 'r' },
        data: { n },
      });
    }
  });

/** What somebody with full access to the database can do: change rows with the triggers off. */
const tamper = (sql: string) =>
  test.database.transaction(async (tx) => {
    await tx.$executeRawUnsafe(`SET LOCAL session_replication_role = replica`);
    return tx.$executeRawUnsafe(sql.replaceAll('$chain', `'${chain}'`));
  });

describe('audit_events', () => {
  it.each([
    ['UPDATE', `UPDATE audit_events SET actor = 'nobody'`],
    ['DELETE', `DELETE FROM audit_events`],
    ['TRUNCATE', `TRUNCATE audit_events`],
    ['TRUNCATE', `TRUNCATE audit_events CASCADE`],
  ])('refuses %s, to a superuser too', async (operation, sql) => {
    const [user] = await test.database.client.$queryRaw<{ super: boolean }[]>`
      SELECT rolsuper AS super FROM pg_roles WHERE rolname = current_user`;
    expect(user?.super).toBe(true);
    await expect(test.database.client.$executeRawUnsafe(sql)).rejects.toThrow(
      `audit_events is append-only: ${operation} is refused`,
    );
    expect(await verification.verify(chain)).toEqual({ chain, intact: true, events: 5 });
  });
});

describe('AuditVerification', () => {
  it.each<[string, string, number, number, string]>([
    [
      'a changed action',
      `UPDATE audit_events SET action = 'run.failed' WHERE chain = $chain AND sequence = 3`,
      2,
      3,
      'was changed',
    ],
    [
      'a changed actor',
      `UPDATE audit_events SET actor = 'x' WHERE chain = $chain AND sequence = 1`,
      0,
      1,
      'was changed',
    ],
    [
      'a changed subject',
      `UPDATE audit_events SET subject = '{}' WHERE chain = $chain AND sequence = 5`,
      4,
      5,
      'was changed',
    ],
    [
      'changed data',
      `UPDATE audit_events SET data = '{"n":9}' WHERE chain = $chain AND sequence = 2`,
      1,
      2,
      'was changed',
    ],
    [
      'a changed request id',
      `UPDATE audit_events SET request_id = 'x' WHERE chain = $chain AND sequence = 2`,
      1,
      2,
      'was changed',
    ],
    [
      'a changed id',
      `UPDATE audit_events SET id = gen_random_uuid() WHERE chain = $chain AND sequence = 2`,
      1,
      2,
      'was changed',
    ],
    [
      'a time moved by 1 ms',
      `UPDATE audit_events SET occurred_at = occurred_at + '1 ms' WHERE chain = $chain AND sequence = 4`,
      3,
      4,
      'was changed',
    ],
    [
      'a changed hash',
      `UPDATE audit_events SET hash = repeat('a', 64) WHERE chain = $chain AND sequence = 4`,
      3,
      4,
      'was changed',
    ],
    [
      'a changed link',
      `UPDATE audit_events SET previous_hash = repeat('a', 64) WHERE chain = $chain AND sequence = 4`,
      3,
      4,
      'does not continue',
    ],
    [
      'a removed first event',
      `DELETE FROM audit_events WHERE chain = $chain AND sequence = 1`,
      0,
      1,
      'event 1 is missing',
    ],
    [
      'an event removed in the middle',
      `DELETE FROM audit_events WHERE chain = $chain AND sequence = 3`,
      2,
      3,
      'event 3 is missing',
    ],
    ['a removed tail', `DELETE FROM audit_events WHERE chain = $chain AND sequence > 3`, 3, 4, 'is missing'],
    ['no event left', `DELETE FROM audit_events WHERE chain = $chain`, 0, 1, 'is missing'],
    [
      "a removed tail with the head's number moved back",
      `WITH gone AS (DELETE FROM audit_events WHERE chain = $chain AND sequence = 5)
       UPDATE audit_chains SET sequence = 4 WHERE chain = $chain`,
      4,
      5,
      'the head of the chain was changed',
    ],
    [
      'an event copied behind the last',
      `INSERT INTO audit_events SELECT gen_random_uuid(), chain, 6, occurred_at, action, actor, subject, data, request_id,
         (SELECT hash FROM audit_events WHERE chain = $chain AND sequence = 5), hash FROM audit_events WHERE chain = $chain AND sequence = 5`,
      5,
      6,
      'was changed',
    ],
    [
      'an event put before the first',
      `INSERT INTO audit_events SELECT gen_random_uuid(), chain, 0, occurred_at, action, actor, subject, data, request_id, previous_hash, hash
         FROM audit_events WHERE chain = $chain AND sequence = 1`,
      0,
      1,
      'event 1 is missing',
    ],
    [
      'a head moved back',
      `UPDATE audit_chains SET sequence = 4 WHERE chain = $chain`,
      4,
      5,
      'is not counted by the head',
    ],
    ['a head moved forward', `UPDATE audit_chains SET sequence = 6 WHERE chain = $chain`, 5, 6, 'is missing'],
    [
      'a changed head',
      `UPDATE audit_chains SET hash = repeat('a', 64) WHERE chain = $chain`,
      5,
      6,
      'the head of the chain was changed',
    ],
    ['a removed head', `DELETE FROM audit_chains WHERE chain = $chain`, 0, 1, 'is not counted by the head'],
  ])('finds %s', async (_what, sql, events, sequence, reason) => {
    expect(await verification.verify(chain)).toEqual({ chain, intact: true, events: 5 });
    await tamper(sql);
    expect(await verification.verify(chain)).toEqual({
      chain,
      intact: false,
      events,
      firstBroken: expect.objectContaining({ sequence, reason: expect.stringContaining(reason) }) as object,
    });
  });

  it('finds two events that changed places', async () => {
    const move = (from: number, to: number) =>
      tamper(`UPDATE audit_events SET sequence = ${to} WHERE chain = $chain AND sequence = ${from}`);
    await move(3, 103);
    await move(4, 3);
    await move(103, 4);
    expect(await verification.verify(chain)).toMatchObject({ intact: false, events: 2, firstBroken: { sequence: 3 } });
  });

  it('verifies a chain longer than a page, and names the event that is broken', async () => {
    await append(600);
    expect(await verification.verify(chain)).toEqual({ chain, intact: true, events: 605 });
    await tamper(`UPDATE audit_events SET actor = 'x' WHERE chain = $chain AND sequence = 601`);
    const broken = await test.database.client.auditEvent.findFirstOrThrow({ where: { chain, sequence: 601 } });
    const firstBroken = { sequence: 601, eventId: broken.id, reason: expect.any(String) };
    expect(await verification.verify(chain)).toEqual({ chain, intact: false, events: 600, firstBroken });
  });

  it('sees no fault in a chain that grows meanwhile', async () => {
    let growing = true;
    const writer = (async () => {
      while (growing) await append(1);
    })();
    for (let round = 0; round < 30; round++) expect(await verification.verify(chain)).toMatchObject({ intact: true });
    growing = false;
    await writer;
  });

  it('verifies every chain, those without a head or without events included', async () => {
    const intact = chain;
    chain = randomUUID();
    await append(1);
    await tamper('DELETE FROM audit_chains WHERE chain = $chain');
    const headless = chain;
    chain = randomUUID();
    await append(1);
    await tamper('DELETE FROM audit_events WHERE chain = $chain');
    const verdicts = await verification.verifyAll();
    const found = (name: string) => verdicts.find((verdict) => verdict.chain === name)?.intact;
    expect([found(intact), found(headless), found(chain)]).toEqual([true, false, false]);
  });

  it('finds nothing wrong with a chain that never was', async () => {
    expect(await verification.verify('system')).toEqual({ chain: 'system', intact: true, events: 0 });
  });
});
