import { randomUUID } from 'node:crypto';
import { type AuditAction, Announcements, AuditTrail } from '@app/audit';
import type { Database, WebhookDelivery } from '@app/platform';
import { LocalKeyProvider, Vault } from '@app/vault';
import { createSecretKey, randomBytes } from 'node:crypto';
import { pino } from 'pino';
import {
  type NewWebhookEndpoint,
  WebhookEndpointsService,
  WebhookFanOut,
  WebhookPlaces,
  WebhookReplayService,
  WebhookSecrets,
  WebhookSender,
} from '@app/webhooks';
import { DeliveryClaimsRepository } from '../../libs/webhooks/src/sending/delivery-claims.repository.js';
import { DeliveryOutcomes } from '../../libs/webhooks/src/sending/delivery-outcomes.js';
import { WebhookTransport, type WebhookTransportOptions } from '../../libs/webhooks/src/sending/webhook-transport.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

/** Everything of webhooks on a database of its own, with as many senders as a test wants. */
export class WebhooksHarness {
  readonly audit: AuditTrail;
  readonly vault: Vault;
  readonly fanOut: WebhookFanOut;
  readonly endpoints: WebhookEndpointsService;
  readonly replays: WebhookReplayService;
  readonly claims: DeliveryClaimsRepository;
  readonly outcomes: DeliveryOutcomes;
  readonly #secrets: WebhookSecrets;
  readonly #lines: string[] = [];

  private constructor(readonly test: TestDatabase) {
    const { database } = test;
    this.audit = new AuditTrail(database);
    const keys = new LocalKeyProvider([{ id: 'test', key: createSecretKey(randomBytes(32)) }]);
    this.vault = new Vault(database, this.audit, keys);
    this.#secrets = new WebhookSecrets(this.vault);
    this.fanOut = new WebhookFanOut(database, new Announcements());
    this.endpoints = new WebhookEndpointsService(
      ...([database, this.audit, this.vault, this.#secrets, new WebhookPlaces(true)] as const),
    );
    this.replays = new WebhookReplayService(database, this.audit);
    this.claims = new DeliveryClaimsRepository(database);
    this.outcomes = new DeliveryOutcomes(database, this.audit);
  }

  static async start(): Promise<WebhooksHarness> {
    return new WebhooksHarness(await createTestDatabase());
  }

  get database(): Database {
    return this.test.database;
  }

  /** Every line that a sender has logged. */
  logged(): string {
    return this.#lines.join('');
  }

  /** The sender of a worker of its own. */
  newSender(options: Partial<WebhookTransportOptions> = {}): WebhookSender {
    const logger = pino({ level: 'debug' }, { write: (line: string) => void this.#lines.push(line) });
    const transport = new WebhookTransport({ isLoopbackAllowed: true, ...options });
    return new WebhookSender(this.database, this.claims, this.outcomes, this.#secrets, transport, logger);
  }

  /** Sends what is due and resolves when nothing more is. */
  async send(sender = this.newSender()): Promise<void> {
    sender.wake();
    await sender.idle();
  }

  async register(url: string, more: Partial<NewWebhookEndpoint> = {}): Promise<{ id: string; secret: string }> {
    const { id, secret } = await this.endpoints.create({ url, events: null, description: null, ...more }, 'test');
    return { id, secret: secret.reveal() };
  }

  /** Something happens to a customer; returns its id. */
  async happen(action: AuditAction = 'customer.ready', data: Record<string, string | number> = {}): Promise<string> {
    const customerId = randomUUID();
    const event = { chain: customerId, action, actor: 'worker', subject: { customerId }, data };
    await this.database.transaction((tx) => this.audit.append(tx, event));
    return customerId;
  }

  /** The same, made into deliveries. */
  async announce(action?: AuditAction, data?: Record<string, string | number>): Promise<string> {
    const customerId = await this.happen(action, data);
    await this.fanOut.run();
    return customerId;
  }

  deliveries(endpointId?: string): Promise<WebhookDelivery[]> {
    const where = endpointId === undefined ? {} : { endpointId };
    return this.database.client.webhookDelivery.findMany({ where, orderBy: { id: 'asc' } });
  }

  /** Makes what waits for another try due now. */
  async makeDue(): Promise<void> {
    await this.database.client
      .$executeRaw`UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'pending'`;
  }

  async clear(): Promise<void> {
    await this.database.client.$executeRaw`TRUNCATE webhook_endpoints, announcements CASCADE`;
    this.#lines.length = 0;
  }

  close(): Promise<void> {
    return this.test.close();
  }
}
