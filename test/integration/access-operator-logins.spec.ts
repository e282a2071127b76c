import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OperatorLogins } from '@app/access';
import { AuditTrail } from '@app/audit';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let audit: AuditTrail;
let logins: OperatorLogins;
let now: Date;

beforeAll(async () => {
  test = await createTestDatabase();
  audit = new AuditTrail(test.database);
});
afterAll(() => test.close());
beforeEach(() => {
  now = new Date();
  logins = new OperatorLogins(test.database, audit, () => now);
});

const link = async (ttlSeconds = 900) =>
  (await logins.createLink({ operator: 'jane', actor: 'cli', ttlSeconds })).reveal();
const later = (ms: number) => void (now = new Date(now.getTime() + ms));
const actions = async (limit: number) =>
  (await audit.list({ chain: 'system', limit })).events.map(({ action, actor }) => [action, actor]);

describe('a login link', () => {
  it('lets its operator in, and says so in the audit trail', async () => {
    const { sessionToken, session } = await logins.signIn(await link());
    expect(session).toEqual({
      operator: 'jane',
      csrfToken: expect.stringMatching(/^[\w-]{43}$/),
      expiresAt: new Date(now.getTime() + 8 * 3_600_000),
    });
    expect(await logins.findSession(sessionToken.reveal())).toEqual(session);
    expect(await actions(2)).toEqual([
      ['operator.signed_in', 'operator:jane'],
      ['operator.login_link_created', 'cli'],
    ]);
  });

  it('lets in exactly one of twenty who come at once', async () => {
    const token = await link();
    const before = await test.database.client.operatorSession.count();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => logins.signIn(token)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(19);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ kind: 'unauthenticated', code: 'LOGIN_LINK_USED' });
    expect((await test.database.client.operatorSession.count()) - before).toBe(1);
  });

  it('keeps that it was tried again', async () => {
    const token = await link();
    await logins.signIn(token);
    await expect(logins.signIn(token)).rejects.toMatchObject({ code: 'LOGIN_LINK_USED' });
    expect(await actions(1)).toEqual([['access.refused', 'anonymous']]);
  });

  it('is of no use once it expired, and is forgotten a day later', async () => {
    const token = await link(60);
    later(59_999);
    const other = await link(60);
    later(1);
    await expect(logins.signIn(token)).rejects.toMatchObject({ code: 'LOGIN_LINK_EXPIRED' });
    await logins.signIn(other);
    later(86_400_000);
    await link();
    await expect(logins.signIn(token)).rejects.toMatchObject({ code: 'LOGIN_LINK_UNKNOWN' });
  });

  it('is unknown when nobody made it: no event', async () => {
    const before = await test.database.client.auditEvent.count();
    await expect(logins.signIn('x'.repeat(43))).rejects.toMatchObject({
      kind: 'unauthenticated',
      code: 'LOGIN_LINK_UNKNOWN',
    });
    expect(await test.database.client.auditEvent.count()).toBe(before);
  });

  it.each([
    ['a name with a space', { operator: 'jane doe' }],
    ['no name', { operator: '' }],
    ['a name with a line break', { operator: 'jane\n' }],
    ['no time', { ttlSeconds: 0 }],
    ['more than a day', { ttlSeconds: 86_401 }],
    ['no number', { ttlSeconds: NaN }],
  ])('is not made for %s', async (_what, request) => {
    const making = logins.createLink({ operator: 'jane', actor: 'cli', ttlSeconds: 900, ...request });
    await expect(making).rejects.toMatchObject({ kind: 'invalid', code: 'LOGIN_LINK_INVALID' });
  });
});

describe('a session', () => {
  it('ends after eight hours, used or not', async () => {
    const { sessionToken } = await logins.signIn(await link());
    later(8 * 3_600_000 - 1);
    expect(await logins.findSession(sessionToken.reveal())).toMatchObject({ operator: 'jane' });
    later(1);
    expect(await logins.findSession(sessionToken.reveal())).toBeUndefined();
    await logins.signIn(await link());
    const rows = await test.database.client.operatorSession.findMany({ where: { expiresAt: { lte: now } } });
    expect(rows).toEqual([]);
  });

  it('ends when its operator signs out, and no other with it', async () => {
    const [mine, other] = [await logins.signIn(await link()), await logins.signIn(await link())];
    await logins.signOut(mine.sessionToken.reveal());
    expect(await actions(1)).toEqual([['operator.signed_out', 'operator:jane']]);
    expect(await logins.findSession(mine.sessionToken.reveal())).toBeUndefined();
    expect(await logins.findSession(other.sessionToken.reveal())).toEqual(other.session);
  });

  it('cannot end twice', async () => {
    const { sessionToken } = await logins.signIn(await link());
    await logins.signOut(sessionToken.reveal());
    const before = await test.database.client.auditEvent.count();
    await logins.signOut(sessionToken.reveal());
    expect(await test.database.client.auditEvent.count()).toBe(before);
  });

  it('is not found by the token of its link', async () => {
    const token = await link();
    await logins.signIn(token);
    expect(await logins.findSession(token)).toBeUndefined();
  });

  it('leaves neither its token nor that of its link in the database', async () => {
    const token = await link();
    const { sessionToken } = await logins.signIn(token);
    const rows = await test.database.client.$queryRaw<{ row: string }[]>`
      SELECT t::text AS row FROM operator_login_links t UNION ALL SELECT t::text FROM operator_sessions t
      UNION ALL SELECT t::text FROM audit_events t`;
    expect(rows.length).toBeGreaterThan(2);
    for (const value of [token, sessionToken.reveal()]) {
      const forms = [value, Buffer.from(value).toString('hex'), Buffer.from(value, 'base64url').toString('hex')];
      expect(rows.filter(({ row }) => forms.some((form) => row.includes(form)))).toEqual([]);
    }
  });
});
