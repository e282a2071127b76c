import type dns from 'node:dns';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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

const only = async (endpointId?: string) => {
  const deliveries = await webhooks.deliveries(endpointId);
  expect(deliveries).toHaveLength(1);
  return deliveries[0]!;
};
const attemptsOf = (delivery: { attempts: unknown }) => delivery.attempts as Record<string, unknown>[];
const endpoint = (id: string) => webhooks.database.client.webhookEndpoint.findUniqueOrThrow({ where: { id } });
const systemEvents = async () => (await webhooks.audit.list({ chain: 'system', limit: 5 })).events;
const secondsUntil = (at: Date | null) => (at!.getTime() - Date.now()) / 1000;
const status =
  (code: number, headers: Record<string, string> = {}): WebhookReceiver['answer'] =>
  (_received, response) =>
    void response.writeHead(code, headers).end('an answer that nobody reads');

describe('a delivery', () => {
  it('is signed as the official library verifies it, and noted', async () => {
    const { id, secret } = await webhooks.register(receiver.url);
    const customerId = await webhooks.announce();
    await webhooks.send();
    const [received] = receiver.received;
    expect(verify(received!, secret)).toMatchObject({ type: 'customer.ready', data: { customerId } });
    expect(() => verify({ ...received!, body: received!.body.replace('ready', 'gone!') }, secret)).toThrow();
    const delivery = await only();
    expect(received!.headers).toMatchObject({ 'webhook-id': delivery.id, 'content-type': 'application/json' });
    expect(delivery).toMatchObject({ state: 'delivered', nextAttemptAt: null, leaseUntil: null, tries: 1 });
    expect(attemptsOf(delivery)).toEqual([
      { at: expect.any(String), durationMs: expect.any(Number), status: 204, error: null, networkCode: null },
    ]);
    expect(await endpoint(id)).toMatchObject({
      lastSuccessAt: expect.any(Date),
      lastFailureAt: null,
      failingSince: null,
    });
  });

  it('is sent once, with three senders at it', async () => {
    await webhooks.register(receiver.url);
    for (let n = 0; n < 40; n++) await webhooks.happen();
    await webhooks.fanOut.run();
    await Promise.all([1, 2, 3].map(() => webhooks.send(webhooks.newSender())));
    // A sender leaves what another is sending: one more round finds that nothing is left.
    await webhooks.send();
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(40);
    expect(new Set(ids).size).toBe(40);
  });

  it('of one that lost its claim is another’s to note', async () => {
    const { secret } = await webhooks.register(receiver.url);
    await webhooks.announce();
    const gate = closedGate();
    receiver.answer = (_received, response) => {
      if (receiver.received.length > 1) response.writeHead(204).end();
      else void gate.pass().then(() => response.writeHead(500).end());
    };
    const frozen = webhooks.newSender();
    frozen.wake();
    await gate.reached;
    await webhooks.send();
    expect(receiver.received).toHaveLength(1);
    await webhooks.database.client.$executeRaw`UPDATE webhook_deliveries SET lease_until = now() - interval '1 ms'`;
    await webhooks.send();
    gate.release();
    await frozen.idle();
    const delivery = await only();
    expect(delivery).toMatchObject({ state: 'delivered', fence: 2 });
    expect(attemptsOf(delivery).map(({ status }) => status)).toEqual([204]);
    const [first, second] = receiver.received;
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(second!.body).toBe(first!.body);
    for (const received of receiver.received) verify(received, secret);
  });

  it('goes back when its sender is told to end, and is sent by the next', async () => {
    await webhooks.register(receiver.url);
    await webhooks.announce();
    const gate = closedGate();
    receiver.answer = () => void gate.pass();
    const ending = webhooks.newSender();
    ending.wake();
    await gate.reached;
    await ending.stop(10);
    expect(await only()).toMatchObject({ state: 'pending', leaseUntil: null, tries: 0, attempts: [] });
    receiver.answer = status(204);
    await webhooks.send();
    expect(await only()).toMatchObject({ state: 'delivered' });
  });

  it('that is under way ends well when its sender is told to end', async () => {
    await webhooks.register(receiver.url);
    await webhooks.announce();
    const gate = closedGate();
    receiver.answer = (_received, response) => void gate.pass().then(() => response.writeHead(204).end());
    const ending = webhooks.newSender();
    ending.wake();
    await gate.reached;
    const stopped = ending.stop(20_000);
    gate.release();
    await stopped;
    expect(await only()).toMatchObject({ state: 'delivered' });
    await webhooks.announce();
    await webhooks.send(ending);
    expect(receiver.received).toHaveLength(1);
  });
});

describe('a delivery that fails', () => {
  it.each([
    [500, 'REFUSED'],
    [404, 'REFUSED'],
    [301, 'REDIRECTED'],
    [302, 'REDIRECTED'],
    [307, 'REDIRECTED'],
    [304, 'REDIRECTED'],
  ])('with %d is tried again in five seconds', async (code, error) => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = status(code, { location: receiver.url });
    await webhooks.send();
    expect(receiver.received).toHaveLength(1);
    const delivery = await only();
    expect(delivery).toMatchObject({ state: 'pending', tries: 1, leaseUntil: null });
    expect(attemptsOf(delivery)).toEqual([expect.objectContaining({ status: code, error })]);
    expect(secondsUntil(delivery.nextAttemptAt)).toBeLessThanOrEqual(6);
    const { failingSince, lastFailureAt } = await endpoint(id);
    expect(failingSince).toEqual(lastFailureAt);
  });

  it('is tried again under the same id, and later each time', async () => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = status(503);
    await webhooks.send();
    await webhooks.makeDue();
    await webhooks.send();
    const delivery = await only();
    expect(secondsUntil(delivery.nextAttemptAt)).toBeGreaterThan(25);
    await webhooks.makeDue();
    receiver.answer = status(200);
    await webhooks.send();
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(attemptsOf(await only()).map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(await endpoint(id)).toMatchObject({ failingSince: null });
  });

  it('is tried again when the receiver asks for it, if that is later', async () => {
    await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = status(429, { 'retry-after': '600' });
    await webhooks.send();
    expect(secondsUntil((await only()).nextAttemptAt)).toBeGreaterThan(590);
  });

  it('is given up after three days', async () => {
    await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = status(500);
    await webhooks.database.client.$executeRaw`UPDATE webhook_deliveries SET give_up_at = now() + interval '4 seconds'`;
    await webhooks.send();
    expect(await only()).toMatchObject({ state: 'failed', nextAttemptAt: null });
    await webhooks.send();
    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    ['nobody listens', 'http://127.0.0.1:9/hooks', { error: 'UNREACHABLE', networkCode: 'ECONNREFUSED' }],
    ['TLS is asked of one who has none', 'https', { error: 'TLS_REFUSED', networkCode: expect.any(String) }],
  ])('where %s says so', async (_what, url, attempt) => {
    await webhooks.register(url === 'https' ? receiver.url.replace('http', 'https') : url);
    await webhooks.announce();
    await webhooks.send();
    expect(attemptsOf(await only())).toEqual([expect.objectContaining({ status: null, ...attempt })]);
  });

  it('for want of an answer in time says so', async () => {
    await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = () => undefined;
    await webhooks.send(webhooks.newSender({ timeoutMs: 100 }));
    expect(attemptsOf(await only())).toEqual([expect.objectContaining({ status: null, error: 'TIMED_OUT' })]);
  });

  it('has said it all with its status, however long the body drips', async () => {
    await webhooks.register(receiver.url);
    await webhooks.announce();
    receiver.answer = (_received, response) => void response.writeHead(200).write('x'.repeat(100_000));
    await webhooks.send(webhooks.newSender({ timeoutMs: 300 }));
    expect(await only()).toMatchObject({ state: 'delivered' });
  });

  it('tells the log neither where to nor what', async () => {
    await webhooks.register(`${receiver.url}/path-that-is-a-secret?key=in-the-query`);
    const customerId = await webhooks.announce();
    receiver.answer = status(500);
    await webhooks.send();
    expect(webhooks.logged()).toContain('A webhook delivery failed.');
    for (const secret of ['path-that-is', 'in-the-query', customerId, 'an answer that', 'whsec_', 'v1,']) {
      expect(webhooks.logged()).not.toContain(secret);
    }
  });
});

describe('an endpoint', () => {
  it('that answers 410 is disabled, with what it was still to get', async () => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.announce();
    await webhooks.announce();
    await webhooks.database.client.$executeRaw`
      UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 hour' WHERE id = (SELECT max(id::text)::uuid FROM webhook_deliveries)`;
    receiver.answer = status(410);
    await webhooks.send();
    expect(await endpoint(id)).toMatchObject({ state: 'disabled', disabledReason: 'GONE' });
    expect((await webhooks.deliveries()).map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect((await systemEvents())[0]).toMatchObject({
      action: 'webhook_endpoint.disabled',
      actor: 'worker',
      subject: { webhookEndpointId: id },
      data: { reason: 'GONE' },
    });
    await webhooks.announce();
    await webhooks.send();
    expect(receiver.received).toHaveLength(1);
  });

  it('that failed for five days without a success is disabled by the next delivery that is given up', async () => {
    const { id } = await webhooks.register(receiver.url);
    receiver.answer = status(500);
    const giveUpAfter = async (days: number) => {
      await webhooks.database.client
        .$executeRaw`UPDATE webhook_endpoints SET failing_since = now() - ${days} * interval '1 day'`;
      await webhooks.announce();
      await webhooks.database.client.$executeRaw`UPDATE webhook_deliveries SET give_up_at = now()`;
      await webhooks.send();
      return (await endpoint(id)).state;
    };
    expect(await giveUpAfter(4.9)).toBe('active');
    expect(await giveUpAfter(5.1)).toBe('disabled');
    expect(await endpoint(id)).toMatchObject({ disabledReason: 'FAILED_FOR_DAYS' });
  });

  it('that got nothing since it failed days ago has the next event tried again', async () => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.database.client.$executeRaw`UPDATE webhook_endpoints SET failing_since = now() - interval '10 days'`;
    await webhooks.announce();
    receiver.answer = status(503);
    await webhooks.send();
    expect(await endpoint(id)).toMatchObject({ state: 'active', disabledReason: null });
    expect(await only()).toMatchObject({ state: 'pending', tries: 1 });
    await webhooks.makeDue();
    receiver.answer = status(204);
    await webhooks.send();
    expect(await only()).toMatchObject({ state: 'delivered' });
    expect(await endpoint(id)).toMatchObject({ failingSince: null });
  });

  it('that hangs holds up no other, and gets no more than four at once', async () => {
    const gate = closedGate();
    const hanging = await WebhookReceiver.start();
    hanging.answer = (_received, response) => void gate.pass().then(() => response.writeHead(204).end());
    await webhooks.register(hanging.url);
    await webhooks.register(receiver.url);
    for (let n = 0; n < 20; n++) await webhooks.happen();
    await webhooks.fanOut.run();
    const senders = [webhooks.newSender(), webhooks.newSender()];
    for (const sender of senders) {
      sender.wake();
      await hanging.when(({ length }) => length >= 4);
    }
    await receiver.when(({ length }) => length === 20);
    const atOnce = hanging.received.length;
    gate.release();
    await Promise.all(senders.map((sender) => sender.idle()));
    await webhooks.send();
    await hanging.close();
    expect([atOnce, hanging.received.length]).toEqual([4, 20]);
  });

  it('whose secret cannot be read gets nothing, and is not to blame', async () => {
    const { id } = await webhooks.register(receiver.url);
    await webhooks.announce();
    await webhooks.database.client.$executeRaw`UPDATE webhook_secrets SET sealed = 'broken'`;
    await webhooks.send();
    expect(receiver.received).toEqual([]);
    expect(attemptsOf(await only())).toEqual([expect.objectContaining({ error: 'SECRET_UNAVAILABLE' })]);
    expect(await endpoint(id)).toMatchObject({ failingSince: null, lastFailureAt: null });
  });
});

describe('an address that is not public', () => {
  const leadingTo =
    (...addresses: string[]) =>
    (_host: string, _options: unknown, answer: (error: null, found: dns.LookupAddress[]) => void) =>
      answer(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  it.each([
    ['the metadata service', ['169.254.169.254']],
    ['IPv6 loopback', ['::1']],
    ['loopback', ['127.0.0.1']],
    ['a mapped address', ['::ffff:10.0.0.1']],
    ['a private network, among public addresses', ['52.18.0.1', '10.0.0.1']],
  ])('gets nothing from a name that leads to %s', async (_what, addresses) => {
    await webhooks.register('https://app.example/hooks');
    await webhooks.announce();
    const lookup = leadingTo(...addresses) as unknown as typeof dns.lookup;
    await webhooks.send(webhooks.newSender({ isLoopbackAllowed: false, connector: { lookup } }));
    expect(attemptsOf(await only())).toEqual([
      {
        at: expect.any(String),
        durationMs: expect.any(Number),
        status: null,
        error: 'ADDRESS_NOT_PUBLIC',
        networkCode: null,
      },
    ]);
  });

  it('gets nothing although it was accepted while this machine was allowed', async () => {
    await webhooks.register(receiver.url);
    await webhooks.announce();
    await webhooks.send(webhooks.newSender({ isLoopbackAllowed: false }));
    expect(receiver.received).toEqual([]);
    expect(attemptsOf(await only())).toEqual([expect.objectContaining({ error: 'ADDRESS_NOT_PUBLIC' })]);
  });

  it('stays barred where this machine is allowed', async () => {
    await webhooks.register('https://app.example/hooks');
    await webhooks.announce();
    const lookup = leadingTo('169.254.169.254') as unknown as typeof dns.lookup;
    await webhooks.send(webhooks.newSender({ connector: { lookup } }));
    expect(attemptsOf(await only())).toEqual([expect.objectContaining({ error: 'ADDRESS_NOT_PUBLIC' })]);
  });
});
