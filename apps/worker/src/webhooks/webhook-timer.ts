import { WEBHOOK_LOGGER, WebhookCleaning, WebhookFanOut, WebhookSender } from '@app/webhooks';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';

/** How often announcements and due deliveries are looked for: what a webhook is behind its event when all is well. */
const ROUND_MS = 1_000;

/** How often old deliveries are forgotten. */
const CLEANING_MS = 3_600_000;

/** What a delivery under way gets to end on shutdown; after that it goes back, to be sent again. */
const GRACE_MS = 5_000;

/** Has webhooks sent for as long as the process runs, each worker for itself. */
@Injectable()
export class WebhookTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #cleanedAt = performance.now();
  #stopped = false;

  constructor(
    private readonly fanOut: WebhookFanOut,
    private readonly sender: WebhookSender,
    private readonly cleaning: WebhookCleaning,
    @Inject(WEBHOOK_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    await this.sender.stop(GRACE_MS);
  }

  #schedule(inMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#go().finally(() => this.#schedule(ROUND_MS));
    }, inMs);
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
