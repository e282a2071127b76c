import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@app/platform';
import { WakeUps } from '@app/queue';
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

/** Of many wake-ups, so many are on their way to the queue at once: the process's worker takes its jobs over the same connections. */
const AT_ONCE = 5;

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
    void this.wakeAll([run]);
  }

  /** Sends them in their order, and no more once the queue does not take one. Resolves to whether it took all, and never rejects. */
  wakeAll(runs: readonly Wakeable[]): Promise<boolean> {
    const sending = this.#sendAll(runs).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
    return sending;
  }

  /** Resolves when everything under way has been sent or given up. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  async #sendAll(runs: readonly Wakeable[]): Promise<boolean> {
    for (let from = 0; from < runs.length; from += AT_ONCE) {
      const taken = await Promise.all(runs.slice(from, from + AT_ONCE).map((run) => this.#send(run)));
      if (taken.includes(false)) return false;
    }
    return true;
  }

  /** False when the queue did not take it. */
  async #send({ id, fence, requestId, traceparent, again }: Wakeable): Promise<boolean> {
    try {
      await this.wakeUps.send({
        ...{ runId: id, fence, requestId },
        ...(again === undefined ? {} : { again }),
        ...(traceparent === null ? {} : { traceparent }),
      });
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unavailable') {
        this.#noteUnsent(id, error);
        return false;
      }
      // What is wrong with this row does not keep the others asleep.
      this.logger.error({ runId: id, err: error }, 'A run cannot be woken.');
      return true;
    }
  }

  #noteUnsent(runId: string, error: DomainError): void {
    this.#unsent += 1;
    const now = performance.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + QUIET_MS;
    const count = this.#unsent;
    this.logger.warn({ runId, count, err: error }, 'Wake-ups could not be sent; the sweep will send them.');
    this.#unsent = 0;
  }
}
