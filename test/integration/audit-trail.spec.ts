import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuditEntry, AuditTrail, AuditVerification } from '@app/audit';
import { withRequestContext } from '@app/platform';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let trail: AuditTrail;
let verification: AuditVerification;

beforeAll(async () => {
  test = await createTestDatabase();
  trail = new AuditTrail(test.database);
  verification = new AuditVerification(test.database);
});
afterAll(() => test.close());

const append = (entry: Partial<AuditEntry> & { chain: string }) =>
  test.database.transaction((tx) =>
    trail.append(tx, { action: 'run.succeeded', actor: 'worker', subject: { runId: 'r1' }, ...entry }),
  );

describe('AuditTrail', () => {
  it('keeps an event as it was told, numbered and chained', async () => {
    const chain = randomUUID();
    const data = { text: 'zoë "1"\n', big: 1e21, small: 5e-324, negative: -0.1, yes: true, nothing: null };
    await append({ chain, data, requestId: 'req-1' });
    await append({ chain, subject: { b: '2', a: '1' } });
    const [second, first] = (await trail.list({ chain, limit: 10 })).events;
    expect(first).toMatchObject({
      chain,
      sequence: 1,
      action: 'run.succeeded',
      actor: 'worker',
      data,
      requestId: 'req-1',
    });
    expect(first?.previousHash).toBe('0'.repeat(64));
    expect(second).toMatchObject({
      sequence: 2,
      previousHash: first?.hash,
      subject: { a: '1', b: '2' },
      requestId: null,
    });
    expect(await verification.verify(chain)).toEqual({ chain, intact: true, events: 2 });
  });

  it("takes the request's id from the context", async () => {
    const chain = randomUUID();
    await withRequestContext({ requestId: 'req-ctx', traceparent: '' }, () => append({ chain }));
    expect((await trail.list({ chain, limit: 1 })).events[0]?.requestId).toBe('req-ctx');
  });

  it('leaves nothing when the transaction of the change is rolled back', async () => {
    const chain = randomUUID();
    await append({ chain });
    const change = test.database.transaction(async (tx) => {
      await trail.append(tx, { chain, action: 'run.failed', actor: 'worker', subject: {} });
      throw new Error('the change failed');
    });
    await expect(change).rejects.toThrow('the change failed');
    expect(await verification.verify(chain)).toEqual({ chain, intact: true, events: 1 });
  });

  it('refuses an event over its bounds, and the transaction can go on', async () => {
    const chain = randomUUID();
    await test.database.transaction(async (tx) => {
      const entry: AuditEntry = { chain, action: 'run.failed', actor: 'x'.repeat(201), subject: {} };
      await expect(trail.append(tx, entry)).rejects.toMatchObject({ code: 'AUDIT_ENTRY_INVALID' });
      await trail.append(tx, { ...entry, actor: 'worker' });
    });
    expect(await verification.verify(chain)).toEqual({ chain, intact: true, events: 1 });
  });

  it('chains 50 events that are appended at once', async () => {
    const chain = randomUUID();
    await Promise.all(Array.from({ length: 50 }, (_, n) => append({ chain, data: { n } })));
    expect(await verification.verify(chain)).toEqual({ chain, intact: true, events: 50 });
    const { events } = await trail.list({ chain, limit: 100 });
    expect(new Set(events.map((event) => event.data.n)).size).toBe(50);
    const times = events.sort((a, b) => a.sequence - b.sequence).map((event) => event.occurredAt.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('lets several transactions append to two chains in one order', async () => {
    const chain = randomUUID();
    const both = () =>
      test.database.transaction(async (tx) => {
        await trail.append(tx, { chain, action: 'credentials.read', actor: 'api-key:1', subject: {} });
        await trail.append(tx, { chain: 'system', action: 'access.refused', actor: 'api-key:1', subject: {} });
      });
    await Promise.all(Array.from({ length: 8 }, both));
    expect(await verification.verify(chain)).toMatchObject({ intact: true, events: 8 });
    expect(await verification.verify('system')).toMatchObject({ intact: true, events: 8 });
  });

  it('lists newest first, in pages without gap or overlap', async () => {
    const chain = randomUUID();
    for (let n = 1; n <= 5; n++) await append({ chain, data: { n } });
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await trail.list({ chain, limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.events.map((event) => event.data.n));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });

  it('filters by customer, action, actor and time', async () => {
    const customerId = randomUUID();
    await append({ chain: customerId, action: 'customer.accepted', actor: 'api-key:a' });
    await append({ chain: customerId, action: 'customer.ready', actor: 'worker' });
    const [ready, accepted] = (await trail.list({ customerId, limit: 9 })).events;
    const only = async (query: object) =>
      (await trail.list({ customerId, limit: 9, ...query })).events.map((e) => e.id);
    expect(await only({ action: 'customer.ready' })).toEqual([ready?.id]);
    expect(await only({ actor: 'api-key:a' })).toEqual([accepted?.id]);
    expect(await only({ chain: 'system' })).toEqual([]);
    expect(await only({ from: new Date(ready!.occurredAt.getTime() + 1) })).toEqual([]);
    expect(await only({ from: accepted!.occurredAt })).toEqual([ready?.id, accepted?.id]);
    expect(await only({ to: accepted!.occurredAt })).toEqual([]);
  });

  it('refuses a cursor that no page gave', async () => {
    await expect(trail.list({ cursor: "1' OR '1'='1", limit: 1 })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});
