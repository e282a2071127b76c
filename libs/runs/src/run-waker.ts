import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
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

/** Sends wake-ups after a commit. One that cannot be sent loses nothing: the sweep finds the row. */
@Injectable()
export class RunWaker implements BeforeApplicationShutdown {
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    private readonly wakeUps: WakeUps,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  /** Sends in the background. */
  wake(run: Wakeable): void {
    const sending = this.#send(run).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  /** Resolves when everything under way has been sent or given up. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  async #send({ id, fence, requestId, traceparent, again }: Wakeable): Promise<void> {
    try {
      await this.wakeUps.send({
        ...{ runId: id, fence, requestId },
        ...(again === undefined ? {} : { again }),
        ...(traceparent === null ? {} : { traceparent }),
      });
    } catch (error) {
      this.logger.warn({ runId: id, err: error }, 'A wake-up could not be sent; the sweep will send it.');
    }
  }
}
