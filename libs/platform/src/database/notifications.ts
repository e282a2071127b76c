import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Secret } from '../secret.js';
import { SESSION_OPTIONS } from './connection-pool.js';
import type { Database } from './database.js';
import { ListeningSession } from './listening-session.js';

/** How long after the last proof that it hears a process goes by what it remembers: so long may a change stay unheard if the network fails without a word. */
const TRUSTED_MS = 5_000;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Who remembers something that a notification can make stale. */
export interface Listener {
  /** Something about `subject` has changed. */
  changed(subject: string): void;
  /** Anything may have changed unheard: the connection was lost. */
  lost(): void;
}

export interface NotificationsOptions {
  url: Secret;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Hears what transactions of any process tell with NOTIFY, once they have committed, on a connection of its own. While that is lost, or does not
 * prove that it hears, `isHearing` is false and nothing may be remembered; it is made again by itself.
 */
@Injectable()
export class Notifications implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #listeners = new Map<string, Listener>();
  #session: ListeningSession | undefined;
  #listening: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(
    private readonly database: Pick<Database, 'sql'>,
    private readonly options: NotificationsOptions,
  ) {}

  /** Whether all that was told until some seconds ago has been heard. */
  get isHearing(): boolean {
    return this.#session !== undefined && this.#session.heardMsAgo < TRUSTED_MS;
  }

  /** Before the process has started. One listener per channel. */
  subscribe(channel: string, listener: Listener): void {
    if (this.#listeners.has(channel)) throw new Error(`Somebody listens to "${channel}" already.`);
    this.#listeners.set(channel, listener);
  }

  onApplicationBootstrap(): void {
    this.#listening = this.#keepListening();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    this.#session?.close();
    await this.#listening;
  }

  async #keepListening(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    let isOutage = false;
    while (!this.#stop.signal.aborted) {
      const session = new ListeningSession(
        this.options.url,
        (channel, subject) => this.#listeners.get(channel)?.changed(subject),
        SESSION_OPTIONS,
      );
      this.#session = session;
      try {
        await session.listen([...this.#listeners.keys()], this.database.sql, () => {
          if (isOutage) this.options.logger.info({}, 'Changes are heard again, and what is read is remembered.');
          pauseMs = FIRST_PAUSE_MS;
          isOutage = false;
        });
      } catch (error) {
        this.#session = undefined;
        for (const listener of this.#listeners.values()) listener.lost();
        session.close();
        if (this.#stop.signal.aborted) return;
        // Once per outage, and the message alone: a driver's error may hold more than is to be logged.
        if (!isOutage) {
          const reason = error instanceof Error ? error.message : String(error);
          this.options.logger.warn(
            { reason },
            'Changes are not heard; until they are, every request asks the database.',
          );
        }
        isOutage = true;
      }
      await delay(pauseMs, undefined, { ref: false, signal: this.#stop.signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
}
