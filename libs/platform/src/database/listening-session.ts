import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Secret } from '../secret.js';
import { startStopwatch, type Stopwatch } from '../stopwatch.js';
import type { Sql } from './sql.js';

/** How often a session shows that it still hears. */
const PULSE_MS = 1_000;

/** How long an answer may take, or a pulse to come back, before the session counts as lost. */
const DEADLINE_MS = 5_000;

/** One connection of its own that listens, and proves all the time that it hears: it sends itself pulses, behind which nothing that was told earlier is still on its way. */
export class ListeningSession {
  readonly #socket = new Socket();
  readonly #client: Client;
  readonly #pulseChannel = `pulse_${randomBytes(8).toString('hex')}`;
  /** Why it is over; undefined while it is not. */
  #end: Error | undefined;
  /** Ends what is waited for just now. */
  #giveUp: (error: Error) => void = () => undefined;
  #pulses = 0;
  #noteArrival: (pulse: string) => void = () => undefined;
  #proved: Stopwatch | undefined;

  constructor(url: Secret, heard: (channel: string, payload: string) => void, options: string) {
    this.#client = new Client({
      connectionString: url.reveal(),
      keepAlive: true,
      connectionTimeoutMillis: DEADLINE_MS,
      stream: () => this.#socket,
      options,
    });
    this.#client.on('error', (error) => this.#finish(error));
    this.#client.on('end', () => this.#finish(new Error('The connection has ended.')));
    this.#client.on('notification', ({ channel, payload = '' }) => {
      if (channel === this.#pulseChannel) this.#noteArrival(payload);
      else heard(channel, payload);
    });
  }

  /** Up to how long ago everything that had been told until then was heard, in milliseconds; Infinity before it was ever shown. */
  get heardMsAgo(): number {
    return this.#proved?.() ?? Infinity;
  }

  /** Listens until the connection is lost or closed, and throws why. `others` is another session of the same database; `noteStart` is called once it is shown that this one hears it. */
  async listen(channels: readonly string[], others: Sql, noteStart: () => void): Promise<never> {
    await this.#inTime(this.#client.connect());
    const listens = [...channels, this.#pulseChannel].map((channel) => `LISTEN "${channel}"`).join(';');
    await this.#inTime(this.#client.query(listens));
    // Behind a pooler that hands a session from one client to another it may hear itself, and nobody else.
    await this.#prove((pulse) => others.$executeRaw`SELECT pg_notify(${this.#pulseChannel}, ${pulse})`);
    noteStart();
    for (;;) {
      await this.#inTime(delay(PULSE_MS, undefined, { ref: false }));
      await this.#prove((pulse) => this.#client.query('SELECT pg_notify($1, $2)', [this.#pulseChannel, pulse]));
    }
  }

  /** Ends `listen` at once, and the connection without waiting for the other side, which may be silent or not have answered yet. */
  close(): void {
    this.#finish(new Error('The session was closed.'));
    this.#client.end().catch(() => undefined);
    this.#socket.destroySoon();
  }

  async #prove(send: (pulse: string) => Promise<unknown>): Promise<void> {
    const pulse = String(++this.#pulses);
    const sent = startStopwatch();
    const arrived = new Promise<void>((resolve) => {
      this.#noteArrival = (one) => {
        if (one === pulse) resolve();
      };
    });
    await this.#inTime(Promise.all([send(pulse), arrived]));
    this.#proved = sent;
  }

  /** Waits for `work`, until the deadline, or the end. Not a race with a promise of the session's: such a promise would remember every wait. */
  #inTime(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`Nothing was heard within ${DEADLINE_MS} ms.`));
      const timer = setTimeout(late, DEADLINE_MS).unref();
      this.#giveUp = reject;
      if (this.#end !== undefined) reject(this.#end);
      work.then(() => resolve(), reject).finally(() => clearTimeout(timer));
    });
  }

  #finish(why: Error): void {
    this.#end ??= why;
    this.#giveUp(this.#end);
  }
}
