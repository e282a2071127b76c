import type { ServerResponse } from 'node:http';
import type { Disturbance, Fault, Scene } from '../fault.js';
import { until } from '../patiently.js';
import type { Random } from '../random.js';
import { repeatedly } from '../repeatedly.js';
import { type Misbehaviour, WebhookListener } from '../rig/webhook-listener.js';
import { killWorker } from './worker-ends.js';

/** What is left of three days of tries must arrive within this, where nobody waits out the pauses. */
const ARRIVES_WITHIN_MS = 240_000;

const refuse = (response: ServerResponse, status: number, headers: Record<string, string> = {}): true => {
  response.writeHead(status, headers).end();
  return true;
};

/** Sometimes answers in one of these ways, and properly otherwise. */
const sometimes =
  (random: Random, chance: number, ways: readonly ((response: ServerResponse) => true)[]): Misbehaviour =>
  (response) =>
    random.next() < chance && random.pick(ways)(response);

const failing = (random: Random): Misbehaviour =>
  sometimes(random, 0.4, [
    (response) => refuse(response, 500),
    (response) => refuse(response, 503, { 'retry-after': '1' }),
    (response) => refuse(response, 429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
    (response) => refuse(response, 307, { location: 'http://169.254.169.254/latest/meta-data/' }),
  ]);

const breakOff = (response: ServerResponse): true => {
  response.destroy();
  return true;
};

/** Answers when nobody waits any more, or late and badly. */
const slow = (random: Random): Misbehaviour => {
  const later = (ms: number, answer: (response: ServerResponse) => true) => (response: ServerResponse) => {
    setTimeout(() => answer(response), ms).unref();
    return true as const;
  };
  return sometimes(random, 0.3, [
    later(20_000, breakOff),
    ...[200, 1_000, 3_000].map((ms) => later(ms, (response) => refuse(response, 500))),
  ]);
};

const breaking = (random: Random): Misbehaviour =>
  sometimes(random, 0.4, [
    breakOff,
    (response) => {
      response.socket?.end('HTTP/1.1 2\r\n');
      return true;
    },
  ]);

const away: Misbehaviour = breakOff;

const goneAfter =
  (count: number): Misbehaviour =>
  (response, heard) =>
    heard > count && refuse(response, 410);

/** F18 */
export const webhookReceivers: Fault = {
  id: 'F18',
  title: 'webhook receivers that answer 5xx, redirect, hang, break off, are away or gone; their sender killed',
  full: 1_000,
  perSecond: 15,
  untilStopped: 0.95,
  begin: async (scene: Scene): Promise<Disturbance> => {
    const { random, names } = scene;
    const well = await WebhookListener.register(scene);
    const changing = await WebhookListener.register(scene, failing(random.fork('changing')));
    const others = [
      failing(random.fork('failing')),
      slow(random.fork('slow')),
      breaking(random.fork('breaking')),
      away,
    ];
    const listeners = [well, changing];
    for (const misbehave of others) listeners.push(await WebhookListener.register(scene, misbehave));
    const gone = await WebhookListener.register(scene, goneAfter(Math.ceil(names.length / 5)));
    const killing = repeatedly(
      () => killWorker(scene),
      () => random.between(3_000, 5_000),
    );
    await changing.rotateSecret();
    return {
      end: async () => {
        await killing.end();
        for (const listener of listeners) listener.behave();
        // As if the pauses between tries had passed.
        const hastening = repeatedly(
          () => hasten(scene),
          () => 1_000,
        );
        await untilAllHeard(scene, listeners);
        await until(
          () => gone.isDisabled(),
          ARRIVES_WITHIN_MS,
          () => 'An endpoint that answers 410 is not disabled.',
        );
        gone.behave();
        await gone.comeBack();
        await untilAllHeard(scene, [gone]);
        await hastening.end();
        const all = [...listeners, gone];
        const forged = all.reduce((sum, listener) => sum + listener.forged, 0);
        if (forged > 0) throw new Error(`The signatures of ${forged} webhooks did not hold.`);
        for (const listener of all) await listener.close();
        return all.reduce((sum, { struck }) => sum + struck, 0);
      },
    };
  },
};

const hasten = async ({ rig }: Scene): Promise<void> =>
  void (await rig.database.client.$executeRaw`
    UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'pending' AND next_attempt_at > now()`);

/** Each of them was told of every customer, none is missing. */
async function untilAllHeard({ signups }: Scene, listeners: readonly WebhookListener[]): Promise<void> {
  const customerIds = signups.map(({ customerId }) => customerId);
  const missing = (): number[] => listeners.map((listener) => listener.missing(customerIds).length);
  await until(
    () => Promise.resolve(missing().every((count) => count === 0)),
    ARRIVES_WITHIN_MS,
    () =>
      `Webhooks were lost: of ${customerIds.length} customers the receivers did not hear of ${missing().join(', ')}.`,
  );
}
