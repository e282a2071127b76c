import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { type WakeUp, WakeUps } from '@app/queue';
import type { Logger } from 'pino';

/** A run that should be worked on now. */
export interface Wakeable {
  id: string;
  fence: number;
  requestId: string;
  traceparent: string | null;
  /** Of a run that was woken before: another number is another wake-up. */
  again?: number;
}

/** The process's logger. */
export const RUN_LOGGER = Symbol('RUN_LOGGER');

/** While wake-ups cannot be sent, one line in so many milliseconds says how many. */
const QUIET_MS = 10_000;

/** Sends wake-ups after a commit. One that cannot be sent loses nothing: the sweep finds the row. */
@Injectable()
export class RunWaker implements BeforeApplicationShutdown {
  readonly #underWay = new Set<Promise<boolean>>();
  #unsent = 0;
  #quietUntil = 0;

  constructor(
    private readonly wakeUps: WakeUps,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  /** Sends in the background. */
  wake(run: Wakeable): void {
    void this.#track(this.#send([run], () => this.wakeUps.send(wakeUpOf(run))));
  }

  /** Sends all at once. Resolves to whether the queue took them, and never rejects. */
  wakeAll(runs: readonly Wakeable[]): Promise<boolean> {
    if (runs.length === 0) return Promise.resolve(true);
    return this.#track(this.#send(runs, () => this.wakeUps.sendAll(runs.map(wakeUpOf))));
  }

  /** Resolves when everything under way has been sent or given up. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  #track(sending: Promise<boolean>): Promise<boolean> {
    const tracked = sending.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
    return tracked;
  }

  async #send(runs: readonly Wakeable[], send: () => Promise<void>): Promise<boolean> {
    try {
      await send();
      return true;
    } catch (error) {
      this.#noteUnsent(runs.length, error);
      return false;
    }
  }

  #noteUnsent(count: number, error: unknown): void {
    this.#unsent += count;
    const now = performance.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + QUIET_MS;
    this.logger.warn({ count: this.#unsent, err: error }, 'Wake-ups could not be sent; the sweep will send them.');
    this.#unsent = 0;
  }
}

const wakeUpOf = ({ id, fence, requestId, traceparent, again }: Wakeable): WakeUp => ({
  ...{ runId: id, fence, requestId },
  ...(again === undefined ? {} : { again }),
  ...(traceparent === null ? {} : { traceparent }),
});
