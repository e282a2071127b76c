import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RotationsHarness } from './rotations-harness.js';
import { Gate } from './gate.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let harness: RotationsHarness;

beforeAll(async () => {
  harness = await RotationsHarness.start();
});
afterAll(() => harness.close());
afterEach(() => harness.settle());

describe('a sweep', () => {
  it('begins a rotation of each customer that is due, once', async () => {
    const due = await harness.ready({ dueAt: new Date(Date.now() - 1_000) });
    const later = await harness.ready({ dueAt: new Date(Date.now() + HOUR_MS) });
    const never = await harness.ready({ dueAt: null });
    expect(await harness.sweep()).toBe(1);
    expect(await harness.rotationsOf(due.customerId)).toMatchObject([
      { actor: 'schedule', reason: 'The rotation was due.', input: { mode: 'graceful' }, holdsSlot: true },
    ]);
    expect(await harness.nextRotationOf(due.customerId)).toBeNull();
    expect([
      ...(await harness.rotationsOf(later.customerId)),
      ...(await harness.rotationsOf(never.customerId)),
    ]).toEqual([]);
    expect(await harness.sweep()).toBe(0);
  });

  it('of which several run at once begins no customer twice', async () => {
    const customers = await Promise.all(Array.from({ length: 60 }, () => harness.ready()));
    const begun = await Promise.all(Array.from({ length: 4 }, () => harness.sweep()));
    expect(begun.reduce((sum, count) => sum + count)).toBe(60);
    const counts = await Promise.all(
      customers.map(async ({ customerId }) => (await harness.rotationsOf(customerId)).length),
    );
    expect(new Set(counts)).toEqual(new Set([1]));
  });

  it('goes on until nothing is due', async () => {
    await Promise.all(Array.from({ length: 120 }, () => harness.ready()));
    expect(await harness.sweep()).toBe(120);
  });

  it('begins so many at most, and leaves the others to the next', async () => {
    const customerIds = Array.from({ length: 530 }, () => randomUUID());
    await harness.runs.database.client.customer.createMany({
      data: customerIds.map((id) => ({
        ...{ id, externalId: id, name: id, tenantHost: `${id}.eu.qlikcloud.com` },
        state: 'ready' as const,
        nextRotationAt: new Date(0),
      })),
    });
    expect([await harness.sweep(), await harness.sweep(), await harness.sweep()]).toEqual([500, 30, 0]);
  });

  it('waits for the end of a blackout', async () => {
    const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
    const hour = new Date(Date.now() + DAY_MS - HOUR_MS).getUTCHours();
    const time = (hours: number) => `${String(hours % 24).padStart(2, '0')}:00`;
    const rotation = { blackout: [{ from: time(hour), to: time(hour + 4), days }] };
    const { customerId } = await harness.ready({ rotation });
    expect(await harness.sweep()).toBe(0);
    expect(await harness.rotationsOf(customerId)).toEqual([]);
    const at = await harness.nextRotationOf(customerId);
    expect([at!.getUTCHours(), at!.getUTCMinutes()]).toEqual([(hour + 4) % 24, 0]);
    expect(at!.getTime()).toBeGreaterThan(Date.now());
    expect(at!.getTime()).toBeLessThan(Date.now() + 4 * HOUR_MS);
  });

  it('leaves a customer alone for a minute that another run changes, or whose rotation is under way', async () => {
    const busy = await harness.ready();
    await harness.runs.queue(harness.other, { customerId: busy.customerId });
    const rotating = await harness.ready();
    await harness.earlier(rotating.customerId, { state: 'waiting', step: 'grace' });
    const [{ now }] = await harness.runs.database.client.$queryRaw<[{ now: Date }]>`SELECT now() AS now`;
    expect(await harness.sweep()).toBe(0);
    for (const { customerId } of [busy, rotating]) {
      const waitMs = (await harness.nextRotationOf(customerId))!.getTime() - now.getTime();
      expect(waitMs).toBeGreaterThanOrEqual(60_000);
      expect(waitMs).toBeLessThan(120_000);
    }
  });

  it('neither waits for a run that a worker is writing, nor begins beside it', async () => {
    const { customerId } = await harness.ready();
    const runId = await harness.earlier(customerId, { state: 'failed', step: 'retire' });
    const gate = new Gate();
    const writing = harness.runs.database.sqlTransaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM runs WHERE id = ${runId}::uuid FOR UPDATE`;
      await gate.pass();
    });
    await gate.reached;
    expect(await harness.sweep()).toBe(0);
    gate.open();
    await writing;
    expect(await harness.rotationsOf(customerId)).toMatchObject([{ id: runId, state: 'failed' }]);
    expect((await harness.nextRotationOf(customerId))!.getTime()).toBeGreaterThan(Date.now());
  });

  it('begins the rotation of a policy that cannot be read, which then says so', async () => {
    const unreadable = await harness.ready({ rotation: { intervalSeconds: 'often' } });
    const readable = await harness.ready();
    expect(await harness.sweep()).toBe(2);
    for (const { customerId } of [unreadable, readable]) expect(await harness.rotationsOf(customerId)).toHaveLength(1);
  });
});

describe('a sweep beside a pause', () => {
  it('begins no rotation of a plan that is paused, and leaves what is due as it is', async () => {
    const { customerId } = await harness.ready({ dueAt: new Date(0) });
    const pauseId = await harness.runs.pause({ plan: 'rotation' });
    expect(await harness.sweep()).toBe(0);
    expect(await harness.rotationsOf(customerId)).toEqual([]);
    expect(await harness.nextRotationOf(customerId)).toEqual(new Date(0));
    await harness.runs.lift(pauseId);
    expect(await harness.sweep()).toBe(1);
  });

  it('begins none of a tenant that is paused, and those of the others', async () => {
    const [held, free] = [await harness.ready({ dueAt: new Date(0) }), await harness.ready({ dueAt: new Date(1) })];
    const where = { id: held.customerId };
    const { tenantHost } = await harness.runs.database.client.customer.findUniqueOrThrow({ where });
    await harness.runs.pause({ tenantHost });
    expect(await harness.sweep()).toBe(1);
    expect(await harness.rotationsOf(free.customerId)).toHaveLength(1);
    expect(await harness.rotationsOf(held.customerId)).toEqual([]);
    expect(await harness.nextRotationOf(held.customerId)).toEqual(new Date(0));
  });

  it('of one plan goes on with the other', async () => {
    const { customerId } = await harness.ready({ dueAt: new Date(0) });
    const data = { nextReconciliationAt: new Date(0) };
    await harness.runs.database.client.customer.update({ where: { id: customerId }, data });
    await harness.runs.pause({ plan: 'reconciliation' });
    const asked: string[] = [];
    await harness.newDueCustomers().sweep('reconciliation', (_tx, { id, now }) => {
      asked.push(id);
      return Promise.resolve(new Date(now.getTime() + HOUR_MS));
    });
    expect(asked).toEqual([]);
    expect(await harness.sweep()).toBe(1);
  });
});

describe('a sweep that cannot begin the rotation of a customer', () => {
  it('leaves an earlier one as it is when another run changes the customer', async () => {
    const { customerId } = await harness.ready();
    const before = await harness.runs.read(
      await harness.earlier(customerId, { state: 'needs_attention', step: 'grace' }),
    );
    await harness.runs.queue(harness.other, { customerId });
    expect(await harness.sweep()).toBe(0);
    expect(await harness.runs.read(before.id)).toEqual(before);
    expect(await harness.runs.audited(customerId)).toEqual([]);
    expect((await harness.nextRotationOf(customerId))!.getTime()).toBeGreaterThan(Date.now());
  });

  it('begins those of the others', async () => {
    const broken = await harness.ready({ dueAt: new Date(0) });
    await harness.earlier(broken.customerId, { state: 'failed', step: 'mint', input: { mode: 'unheard of' } });
    const sound = await harness.ready({ dueAt: new Date(1) });
    await harness.sweep();
    expect(await harness.rotationsOf(sound.customerId)).toHaveLength(1);
    expect((await harness.nextRotationOf(broken.customerId))!.getTime()).toBeGreaterThan(Date.now());
  });
});
