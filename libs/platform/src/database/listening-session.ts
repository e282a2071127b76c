import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Secret } from '../secret.js';
import { startStopwatch, type Stopwatch } from '../stopwatch.js';
import type { Sql } from './sql.js';

/** How often a session shows that it still hears. */
const PULSE_MS = 1_000;

/** How long a pulse may take to come back before the session counts as lost. */
const PULSE_DEADLINE_MS = 5_000;

/** One connection of its own that listens, and proves all the time that it hears: it sends itself pulses, behind which nothing that was told earlier is still on its way. */
export class ListeningSession {
  readonly #client: Client;
  readonly #pulseChannel = `pulse_${randomBytes(8).toString('hex')}`;
  readonly #broken: Promise<never>;
  #pulses = 0;
  #noteArrival: (pulse: string) => void = () => undefined;
  #proved: Stopwatch | undefined;

  constructor(url: Secret, heard: (channel: string, payload: string) => void, options: string) {
    this.#client = new Client({
      connectionString: url.reveal(),
      keepAlive: true,
      connectionTimeoutMillis: PULSE_DEADLINE_MS,
      options,
    });
    this.#broken = new Promise((_resolve, reject) => {
      this.#client.on('error', reject);
      this.#client.on('end', () => reject(new Error('The connection has ended.')));
    });
    // Whoever listens hears of it; a session that is closed has nobody any more.
    this.#broken.catch(() => undefined);
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
    await this.#client.connect();
    await this.#client.query([...channels, this.#pulseChannel].map((channel) => `LISTEN "${channel}"`).join(';'));
    // Behind a pooler that hands a session from one client to another it may hear itself, and nobody else.
    await this.#prove((pulse) => others.$executeRaw`SELECT pg_notify(${this.#pulseChannel}, ${pulse})`);
    noteStart();
    for (;;) {
      await Promise.race([delay(PULSE_MS, undefined, { ref: false }), this.#broken]);
      await this.#prove((pulse) => this.#client.query('SELECT pg_notify($1, $2)', [this.#pulseChannel, pulse]));
    }
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #prove(send: (pulse: string) => Promise<unknown>): Promise<void> {
    const pulse = String(++this.#pulses);
    const sent = startStopwatch();
    const arrived = new Promise<void>((resolve) => {
      this.#noteArrival = (one) => {
        if (one === pulse) resolve();
      };
    });
    await Promise.race([Promise.all([send(pulse), arrived]), this.#broken, late()]);
    this.#proved = sent;
  }
}

async function late(): Promise<never> {
  await delay(PULSE_DEADLINE_MS, undefined, { ref: false });
  throw new Error(`A notification did not come back within ${PULSE_DEADLINE_MS} ms.`);
}
