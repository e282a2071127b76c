import { Database, type Secret } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Webhook } from 'standardwebhooks';
import { WebhookSecrets } from '../endpoints/webhook-secrets.js';
import { WEBHOOK_LOGGER } from '../webhook-logger.js';
import { type ClaimedDelivery, DeliveryClaimsRepository, LEASE_MS } from './delivery-claims.repository.js';
import { DeliveryOutcomes } from './delivery-outcomes.js';
import {
  DELIVERY_TIMEOUT_MS,
  type DeliveryOutcome,
  type SignedDelivery,
  WebhookTransport,
} from './webhook-transport.js';

/** What a claim must have left when a delivery is begun, in ms: its time limit, and some to commit how it ended. */
const NEEDED_MS = DELIVERY_TIMEOUT_MS + 2_000;

/** Sends what is due: claims it, signs it, posts it and writes how it ended. */
@Injectable()
export class WebhookSender {
  readonly #sending = new Set<Promise<void>>();
  readonly #cutOff = new AbortController();
  #claiming: Promise<void> | undefined;
  #isWoken = false;
  #isStopped = false;

  constructor(
    private readonly database: Database,
    private readonly claims: DeliveryClaimsRepository,
    private readonly outcomes: DeliveryOutcomes,
    private readonly secrets: WebhookSecrets,
    private readonly transport: WebhookTransport,
    @Inject(WEBHOOK_LOGGER) private readonly logger: Logger,
  ) {}

  /** Begins what is due and free to be sent, in the background; each that ends makes room for the next. */
  wake(): void {
    this.#isWoken = true;
    this.#claiming ??= this.#claim().finally(() => {
      this.#claiming = undefined;
      // Called once more just after the last look.
      if (this.#isWoken && !this.#isStopped) this.wake();
    });
  }

  /** Resolves once nothing is being sent any more and nothing due was found. */
  async idle(): Promise<void> {
    while (this.#claiming !== undefined || this.#sending.size > 0)
      await Promise.all([this.#claiming, ...this.#sending]);
  }

  /** Begins nothing more; what is under way has `graceMs` to end and is then cut off, to be sent again by another worker. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    const timer = setTimeout(() => this.#cutOff.abort(), graceMs);
    await this.idle();
    clearTimeout(timer);
  }

  async #claim(): Promise<void> {
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false;
      const steadyAtClaim = performance.now();
      try {
        for (const claimed of await this.claims.claimDue()) this.#begin(claimed, steadyAtClaim);
      } catch (error) {
        this.logger.warn({ err: error }, 'Webhook deliveries could not be claimed; the next round tries again.');
      }
    }
  }

  #begin(claimed: ClaimedDelivery, steadyAtClaim: number): void {
    const sending = this.#send(claimed, steadyAtClaim)
      .catch((error: unknown) => {
        const { id: deliveryId, endpointId } = claimed;
        // Its lease runs out, and another round sends it again.
        this.logger.warn({ deliveryId, endpointId, err: error }, 'How a webhook delivery ended could not be noted.');
      })
      .finally(() => {
        this.#sending.delete(sending);
        this.wake();
      });
    this.#sending.add(sending);
  }

  async #send(claimed: ClaimedDelivery, steadyAtClaim: number): Promise<void> {
    const outcome = await this.#post(claimed, steadyAtClaim);
    if (outcome === undefined) return this.claims.release(claimed);
    const isNoted = await this.outcomes.commit(claimed, outcome);
    const { id: deliveryId, endpointId, type, tries } = claimed;
    const line = { deliveryId, endpointId, type, try: tries + 1, ...outcome };
    if (!isNoted) this.logger.info(line, 'A webhook delivery ended that was another’s by then.');
    else if (outcome.error === undefined) this.logger.debug(line, 'A webhook was delivered.');
    else this.logger.info(line, 'A webhook delivery failed.');
  }

  /** Undefined: it was cut off, or not begun because the claim would not have lasted. */
  async #post(claimed: ClaimedDelivery, steadyAtClaim: number): Promise<DeliveryOutcome | undefined> {
    const begun = performance.now();
    let secrets: Secret[];
    try {
      secrets = await this.secrets.open(this.database.sql, claimed.endpointId);
    } catch (error) {
      this.logger.warn({ endpointId: claimed.endpointId, err: error }, 'A webhook secret could not be opened.');
      secrets = [];
    }
    // Nothing leaves unsigned.
    if (secrets.length === 0) return { durationMs: Math.round(performance.now() - begun), error: 'SECRET_UNAVAILABLE' };
    const heldForMs = performance.now() - steadyAtClaim;
    if (heldForMs > LEASE_MS - NEEDED_MS) return undefined;
    // Receivers refuse what seems old or early: a worker's own clock may be wrong.
    const now = new Date(claimed.claimedAt.getTime() + heldForMs);
    return this.transport.post(sign(claimed, secrets, now), this.#cutOff.signal);
  }
}

/** Signs as Standard Webhooks has it, with each secret: whoever verifies needs to know but one of them. */
export function sign(
  { id, url, payload }: Pick<ClaimedDelivery, 'id' | 'url' | 'payload'>,
  secrets: readonly Secret[],
  at: Date,
): SignedDelivery {
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret.reveal()).sign(id, at, payload)).join(' '),
  };
  return { url, headers, body: payload };
}
