import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { IdempotencyKeyCleaning } from '@app/customers';
import { ParentClientWatch, ReconciliationSweep, RotationSweep } from '@app/provisioning';
import { RUN_LOGGER, RunSweep } from '@app/runs';
import type { Logger } from 'pino';
import { Rounds } from './rounds.js';

/** How often a worker sweeps. */
export class SweepInterval {
  constructor(readonly ms: number) {}
}

/** Sweeps at a steady pace for as long as the process runs, each worker for itself: a lost queue cannot silence it. */
@Injectable()
export class SweepTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds(() => this.#sweepAll());

  constructor(
    private readonly runSweep: RunSweep,
    private readonly rotationSweep: RotationSweep,
    private readonly reconciliationSweep: ReconciliationSweep,
    private readonly parentClientWatch: ParentClientWatch,
    private readonly idempotencyKeys: IdempotencyKeyCleaning,
    private readonly interval: SweepInterval,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#rounds.start({ firstInMs: 0, pauseMs: this.interval.ms });
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#rounds.stop();
  }

  async #sweepAll(): Promise<void> {
    await this.#sweep('Woke runs that were due and had no wake-up.', () => this.runSweep.sweep(this.interval.ms));
    await this.#sweep('Began rotations that were due.', () => this.rotationSweep.sweep());
    await this.#sweep('Began comparisons with Qlik that were due.', () => this.reconciliationSweep.sweep());
    await this.#sweep('Reported parent clients that Qlik refuses.', () => this.parentClientWatch.sweep());
    await this.#sweep('Forgot idempotency keys that had expired.', () => this.idempotencyKeys.sweep());
  }

  /** One that fails does not keep the others from theirs. */
  async #sweep(done: string, work: () => Promise<number>): Promise<void> {
    try {
      const count = await work();
      if (count > 0) this.logger.info({ count }, done);
    } catch (error) {
      this.logger.warn({ err: error }, 'A sweep failed; the next one makes up for it.');
    }
  }
}
