import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RUN_LOGGER, RunSweep } from '@app/runs';
import type { Logger } from 'pino';

/** How often a worker sweeps. */
export class SweepInterval {
  constructor(readonly ms: number) {}
}

/** Sweeps at a steady pace for as long as the process runs, each worker for itself: a lost queue cannot silence it. */
@Injectable()
export class SweepTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly runSweep: RunSweep,
    private readonly interval: SweepInterval,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  #schedule(inMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#sweep().finally(() => this.#schedule(this.interval.ms));
    }, inMs);
  }

  async #sweep(): Promise<void> {
    try {
      const woken = await this.runSweep.sweep(this.interval.ms);
      if (woken > 0) this.logger.info({ woken }, 'Woke runs that were due and had no wake-up.');
    } catch (error) {
      this.logger.warn({ err: error }, 'The sweep failed; the next one makes up for it.');
    }
  }
}
