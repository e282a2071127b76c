import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebhooksHarness } from './webhooks-harness.js';

let webhooks: WebhooksHarness;

beforeAll(async () => {
  webhooks = await WebhooksHarness.start();
});
beforeEach(() => webhooks.clear());
afterAll(() => webhooks.close());

const url = 'http://127.0.0.1:9/hooks';
const waiting = () => webhooks.database.client.announcement.count();
const types = async (endpointId: string) => (await webhooks.deliveries(endpointId)).map(({ type }) => type);

describe('the fan-out', () => {
  it('tells each endpoint what it wants, in ids and facts', async () => {
    const all = await webhooks.register(url);
    const some = await webhooks.register(url, { events: ['customer.failed', 'secret.rotated'] });
    const ready = await webhooks.happen('customer.ready');
    const failed = await webhooks.happen('customer.failed', { code: 'TENANT_NOT_FOUND', reason: 'Acme' });
    await webhooks.happen('customer.accepted');
    expect(await webhooks.fanOut.run()).toBe(2);
    expect(await types(all.id)).toEqual(['customer.ready', 'customer.failed']);
    expect(await types(some.id)).toEqual(['customer.failed']);
    const [first, second] = (await webhooks.deliveries(all.id)).map(({ payload }) => JSON.parse(payload));
    const { events } = await webhooks.audit.list({ chain: ready, limit: 1 });
    expect(first).toEqual({
      type: 'customer.ready',
      timestamp: events[0]!.occurredAt.toISOString(),
      data: { customerId: ready },
    });
    expect(second.data).toEqual({ customerId: failed, code: 'TENANT_NOT_FOUND' });
    expect((await webhooks.deliveries(all.id))[0]).toMatchObject({
      eventId: events[0]!.id,
      state: 'pending',
      tries: 0,
    });
  });

  it('forgets what nobody wants', async () => {
    await webhooks.register(url, { events: ['customer.failed'] });
    await webhooks.happen('customer.ready');
    expect(await waiting()).toBe(1);
    await webhooks.fanOut.run();
    expect(await waiting()).toBe(0);
    expect(await webhooks.deliveries()).toEqual([]);
  });

  it('says nothing of a change that was rolled back', async () => {
    const chain = randomUUID();
    const change = webhooks.database.transaction(async (tx) => {
      await webhooks.audit.append(tx, { chain, action: 'customer.ready', actor: 'worker', subject: {} });
      throw new Error('the change failed');
    });
    await expect(change).rejects.toThrow('the change failed');
    expect(await waiting()).toBe(0);
  });

  it('tells one event for several appended together', async () => {
    await webhooks.register(url);
    const chain = randomUUID();
    const event = { chain, actor: 'worker', subject: { customerId: chain } };
    await webhooks.database.transaction((tx) =>
      webhooks.audit.append(tx, { ...event, action: 'secret.promoted' }, { ...event, action: 'customer.ready' }),
    );
    await webhooks.fanOut.run();
    expect((await webhooks.deliveries()).map(({ type }) => type)).toEqual(['customer.ready']);
  });

  it('makes one delivery per event and endpoint, with four at it', async () => {
    const ids = [(await webhooks.register(url)).id, (await webhooks.register(url)).id];
    const chain = randomUUID();
    const event = { chain, action: 'drift.detected' as const, actor: 'worker', subject: { customerId: chain } };
    for (let n = 0; n < 10; n++) {
      await webhooks.database.transaction((tx) =>
        webhooks.audit.append(tx, event, ...Array.from({ length: 49 }, () => event)),
      );
    }
    const taken = await Promise.all([1, 2, 3, 4].map(() => webhooks.fanOut.run()));
    expect(taken.reduce((sum, count) => sum + count)).toBe(500);
    for (const id of ids) expect(new Set((await webhooks.deliveries(id)).map(({ eventId }) => eventId)).size).toBe(500);
    expect(await webhooks.deliveries()).toHaveLength(1_000);
  });

  it('notes for a disabled endpoint what it misses, to be replayed', async () => {
    const { id } = await webhooks.register(url);
    await webhooks.endpoints.change(id, { state: 'disabled' }, 'test');
    await webhooks.announce();
    expect(await webhooks.deliveries(id)).toEqual([
      expect.objectContaining({ state: 'failed', attempts: [], tries: 0 }),
    ]);
  });

  it('does not trip over an endpoint that is removed meanwhile', async () => {
    const gone = await webhooks.register(url);
    const stays = await webhooks.register(url);
    await webhooks.happen();
    await Promise.all([webhooks.fanOut.run(), webhooks.endpoints.delete(gone.id, 'test')]);
    expect(await types(stays.id)).toEqual(['customer.ready']);
    expect(await webhooks.deliveries(gone.id)).toEqual([]);
  });
});
