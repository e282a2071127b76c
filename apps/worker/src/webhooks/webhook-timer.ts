import { WEBHOOK_LOGGER, WebhookCleaning, WebhookFanOut, WebhookSender } from '@app/webhooks';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../rounds.js';

/** How often announcements and due deliveries are looked for: what a webhook is behind its event when all is well. */
const ROUND_MS = 1_000;

/** How often old deliveries are forgotten. */
const CLEANING_MS = 3_600_000;

/** What a delivery under way gets to end on shutdown; after that it goes back, to be sent again. */
const GRACE_MS = 5_000;

/** Has webhooks sent for as long as the process runs, each worker for itself. */
@Injectable()
export class WebhookTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds(() => this.#go());
  #cleanedAt = performance.now();

  constructor(
    private readonly fanOut: WebhookFanOut,
    private readonly sender: WebhookSender,
    private readonly cleaning: WebhookCleaning,
    @Inject(WEBHOOK_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#rounds.start({ firstInMs: 0, pauseMs: ROUND_MS });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    await this.sender.stop(GRACE_MS);
  }

  async #go(): Promise<void> {
    try {
      await this.fanOut.run();
      if (performance.now() - this.#cleanedAt > CLEANING_MS) {
        this.#cleanedAt = performance.now();
        await this.cleaning.run();
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'A round of webhooks failed; the next one makes up for it.');
    }
    this.sender.wake();
  }
}
