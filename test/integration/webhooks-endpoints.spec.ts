import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebhookCleaning } from '@app/webhooks';
import { closedGate } from '../gate.js';
import { verify, WebhookReceiver } from '../webhook-receiver.js';
import { WebhooksHarness } from './webhooks-harness.js';

let webhooks: WebhooksHarness;
let receiver: WebhookReceiver;

beforeAll(async () => {
  webhooks = await WebhooksHarness.start();
});
beforeEach(async () => {
  await webhooks.clear();
  receiver = await WebhookReceiver.start();
});
afterEach(() => receiver.close());
afterAll(() => webhooks.close());

const systemEvents = async (limit = 3) => (await webhooks.audit.list({ chain: 'system', limit })).events;
const deliver = async () => {
  await webhooks.announce();
  await webhooks.send();
  return receiver.received.at(-1)!;
};
const rotate = async (id: string) => (await webhooks.endpoints.rotateSecret(id, 'test')).reveal();
const dataKeyOf = (id: string) =>
  webhooks.database.client.dataKey.findFirst({ where: { owner: 'endpoint', ownerId: id } });
const liveDataKeys = () => webhooks.database.client.dataKey.count({ where: { owner: 'endpoint', destroyedAt: null } });

describe('the secret of an endpoint', () => {
  it('is of 32 random bytes, and stored sealed', async () => {
    const { id, secret } = await webhooks.register(receiver.url);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const stored = await webhooks.database.client.webhookSecret.findFirstOrThrow({ where: { endpointId: id } });
    expect(JSON.stringify(stored)).not.toContain(secret.slice(6, 20));
    expect((await webhooks.register(receiver.url)).secret).not.toBe(secret);
  });

  it('signs beside the new one for a day, and then no more', async () => {
    const { id, secret: old } = await webhooks.register(receiver.url);
    const secret = await rotate(id);
    const both = await deliver();
    expect(both.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    verify(both, old);
    verify(both, secret);
    const [retired] = await webhooks.database.client.webhookSecret.findMany({ orderBy: { version: 'asc' } });
    expect(retired!.signsUntil!.getTime() - retired!.createdAt.getTime()).toBeGreaterThanOrEqual(86_400_000);
    await webhooks.database.client
      .$executeRaw`UPDATE webhook_secrets SET signs_until = now() WHERE signs_until IS NOT NULL`;
    const one = await deliver();
    expect(one.headers['webhook-signature']).toMatch(/^v1,\S+$/);
    expect(() => verify(one, old)).toThrow();
    verify(one, secret);
  });

  it('is gone at once with the second rotation', async () => {
    const { id, secret: first } = await webhooks.register(receiver.url);
    const second = await rotate(id);
    const third = await rotate(id);
    const received = await deliver();
    expect(() => verify(received, first)).toThrow();
    verify(received, second);
    verify(received, third);
    expect((await systemEvents(1))[0]).toMatchObject({ action: 'webhook_endpoint.secret_rotated', actor: 'test' });
  });

  it('is made for no endpoint that is not there', async () => {
    const id = randomUUID();
    await expect(rotate(id)).rejects.toMatchObject({ code: 'WEBHOOK_ENDPOINT_NOT_FOUND' });
    expect(await dataKeyOf(id)).toBeNull();
  });
});

describe('an endpoint', () => {
  it('is audited without its URL', async () => {
    const { id } = await webhooks.register(`${receiver.url}?token=t0ken`, { description: 'Acme' });
    const [created] = await systemEvents(1);
    expect(created).toMatchObject({
      action: 'webhook_endpoint.created',
      subject: { webhookEndpointId: id },
      data: { events: null, urlSha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(JSON.stringify(await systemEvents())).not.toMatch(/t0ken|127\.0\.0\.1|Acme/);
  });

  it('is the last of twenty, however many ask at once', async () => {
    const before = await liveDataKeys();
    const asked = await Promise.allSettled(Array.from({ length: 24 }, () => webhooks.register(receiver.url)));
    const refused = asked.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'WEBHOOK_ENDPOINTS_EXHAUSTED' });
    expect(await webhooks.database.client.webhookEndpoint.count()).toBe(20);
    expect(await liveDataKeys()).toBe(before + 20);
  });

  it('takes its log, its secrets and their key along', async () => {
    const { id } = await webhooks.register(receiver.url);
    await deliver();
    await webhooks.endpoints.delete(id, 'test');
    expect(await webhooks.deliveries()).toEqual([]);
    expect(await webhooks.database.client.webhookSecret.count()).toBe(0);
    expect(await dataKeyOf(id)).toMatchObject({ wrapped: null, destroyedAt: expect.any(Date) });
    expect((await systemEvents(2)).map(({ action }) => action)).toEqual([
      'webhook_endpoint.deleted',
      'data_key.destroyed',
    ]);
    await expect(webhooks.endpoints.delete(id, 'test')).rejects.toMatchObject({ code: 'WEBHOOK_ENDPOINT_NOT_FOUND' });
  });

  it('can go while something is on its way to it', async () => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = (_received, response) =>
      void webhooks.endpoints.delete(id, 'test').then(() => response.writeHead(204).end());
    await webhooks.send();
    expect(await webhooks.deliveries()).toEqual([]);
    expect(webhooks.logged()).not.toContain('"level":"warn"');
  });

  it('says what of it was changed, once', async () => {
    const { id } = await webhooks.register(receiver.url, { description: 'old' });
    await webhooks.endpoints.change(id, { description: 'new', events: ['customer.ready'], url: receiver.url }, 'test');
    await webhooks.endpoints.change(id, { description: 'new' }, 'test');
    const [changed, created] = await systemEvents(2);
    expect(changed).toMatchObject({ action: 'webhook_endpoint.changed', data: { fields: 'events description' } });
    expect(created).toMatchObject({ action: 'webhook_endpoint.created' });
  });
});

describe('a replay', () => {
  it('sends everything of a time again under its id, what had failed included', async () => {
    const { id, secret } = await webhooks.register(receiver.url);
    const first = await deliver();
    await webhooks.endpoints.change(id, { state: 'disabled' }, 'test');
    await webhooks.announce('customer.failed');
    const since = new Date(Date.now() - 60_000);
    await expect(webhooks.replays.replay(id, { since }, 'test')).rejects.toMatchObject({
      code: 'WEBHOOK_ENDPOINT_DISABLED',
    });
    await webhooks.endpoints.change(id, { state: 'active' }, 'test');
    expect(await webhooks.replays.replay(id, { since, until: since }, 'test')).toBe(0);
    expect(await webhooks.replays.replay(id, { since }, 'test')).toBe(2);
    await webhooks.send();
    expect(receiver.received.map(({ event }) => event.type).sort()).toEqual([
      'customer.failed',
      'customer.ready',
      'customer.ready',
    ]);
    const again = receiver.received.filter(({ event }) => event.type === 'customer.ready')[1]!;
    expect(again.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(again.body).toBe(first.body);
    verify(again, secret);
    const [delivery] = await webhooks.deliveries();
    expect(delivery).toMatchObject({ state: 'delivered', attempts: [{ status: 204 }, { status: 204 }] });
    expect((await systemEvents(1))[0]).toMatchObject({
      action: 'webhook_endpoint.replayed',
      data: { deliveries: 2, since: since.toISOString() },
    });
  });

  it('sends the deliveries that are named, and none if one of them is another endpoint’s', async () => {
    const { id } = await webhooks.register(receiver.url);
    await deliver();
    const other = await webhooks.register(receiver.url);
    const [delivery] = await webhooks.deliveries(id);
    const deliveryIds = [delivery!.id];
    await expect(webhooks.replays.replay(other.id, { deliveryIds }, 'test')).rejects.toMatchObject({
      code: 'WEBHOOK_DELIVERY_NOT_FOUND',
    });
    expect(await webhooks.replays.replay(id, { deliveryIds }, 'test')).toBe(1);
    await webhooks.send();
    expect(receiver.received).toHaveLength(2);
  });

  it('has one that is to be tried later tried now, for three days more', async () => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = (_received, response) => void response.writeHead(500).end();
    await webhooks.send();
    await webhooks.database.client.$executeRaw`UPDATE webhook_deliveries SET give_up_at = now() + interval '1 minute'`;
    await webhooks.replays.replay(id, { since: new Date(0) }, 'test');
    await webhooks.send();
    const [delivery] = await webhooks.deliveries();
    expect(receiver.received).toHaveLength(2);
    expect(delivery).toMatchObject({ state: 'pending', tries: 1 });
    expect(delivery!.giveUpAt.getTime() - Date.now()).toBeGreaterThan(2.9 * 86_400_000);
  });

  it('counts, whatever becomes of a last try that was under way', async () => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.announce();
    await webhooks.database.client.$executeRaw`UPDATE webhook_deliveries SET give_up_at = now()`;
    const gate = closedGate();
    receiver.answer = (_received, response) => void gate.pass().then(() => response.writeHead(500).end());
    const sender = webhooks.newSender();
    sender.wake();
    await gate.reached;
    expect(await webhooks.replays.replay(id, { since: new Date(0) }, 'test')).toBe(1);
    receiver.answer = (_received, response) => void response.writeHead(503).end();
    gate.release();
    await sender.idle();
    await webhooks.send();
    const [delivery] = await webhooks.deliveries();
    expect(delivery).toMatchObject({ state: 'pending', tries: 1, attempts: [{ status: 503 }], leaseUntil: null });
    expect(receiver.received).toHaveLength(2);
  });
});

describe('a test', () => {
  it('reaches an endpoint whatever types it gets', async () => {
    const { id, secret } = await webhooks.register(receiver.url, { events: ['customer.failed'] });
    const deliveryId = await webhooks.replays.test(id, 'test');
    await webhooks.send();
    const [received] = receiver.received;
    expect(verify(received!, secret)).toMatchObject({ type: 'webhook.test', data: { webhookEndpointId: id } });
    expect(received!.headers['webhook-id']).toBe(deliveryId);
    expect((await systemEvents(1))[0]).toMatchObject({ action: 'webhook_endpoint.tested', data: { deliveryId } });
  });
});

describe('the cleaning', () => {
  it('forgets what is settled and thirty days old, and secrets that no longer sign', async () => {
    const { id } = await webhooks.register(receiver.url);
    await deliver();
    await deliver();
    await webhooks.announce();
    await rotate(id);
    const [old, young, pending] = await webhooks.deliveries();
    const age = (deliveryId: string, days: number) =>
      webhooks.database.client.$executeRaw`
        UPDATE webhook_deliveries SET created_at = now() - ${days} * interval '1 day' WHERE id = ${deliveryId}::uuid`;
    await age(old!.id, 30.1);
    await age(young!.id, 29.9);
    await age(pending!.id, 31);
    await webhooks.database.client
      .$executeRaw`UPDATE webhook_secrets SET signs_until = now() - interval '1 s' WHERE signs_until IS NOT NULL`;
    expect(await new WebhookCleaning(webhooks.database).run()).toBe(1);
    expect((await webhooks.deliveries()).map((delivery) => delivery.id)).toEqual([young!.id, pending!.id]);
    expect(await webhooks.database.client.webhookSecret.count()).toBe(1);
  });
});
