import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AuditChecks, type ChainVerdict } from '@app/audit';
import { RUN_LOGGER } from '@app/runs';
import type { Logger } from 'pino';
import { Rounds } from './rounds.js';
import { SweepInterval } from './sweep-timer.js';

/** From the beginning of one check of the audit trail to that of the next; 0 for none. */
export class AuditCheckInterval {
  constructor(readonly ms: number) {}
}

/** How long a turn takes, in ms, so that runs are not slowed: the rest of the sweep interval is theirs. */
const TURN_MS = 1_000;

/** Verifies the whole audit trail by and by, together with the other workers. */
@Injectable()
export class AuditCheckTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds(() => this.#check());

  constructor(
    private readonly checks: AuditChecks,
    private readonly every: AuditCheckInterval,
    private readonly sweeps: SweepInterval,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.every.ms > 0) this.#rounds.start({ firstInMs: this.sweeps.ms, pauseMs: this.sweeps.ms });
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#rounds.stop();
  }

  async #check(): Promise<void> {
    try {
      const turn = await this.checks.takeTurn(this.every.ms, TURN_MS);
      for (const verdict of turn?.broken ?? []) this.#alarm(verdict);
      if (turn?.finished === undefined) return;
      const { chains, events, brokenChains } = turn.finished;
      this.logger.info({ chains, events, brokenChains }, 'Every chain of the audit trail was verified.');
    } catch (error) {
      this.logger.warn({ err: error }, 'The audit trail could not be verified further; the next turn goes on.');
    }
  }

  #alarm({ chain, events, firstBroken }: ChainVerdict): void {
    this.logger.error({ chain, intactEvents: events, firstBroken }, 'An audit chain is broken.');
  }
}
