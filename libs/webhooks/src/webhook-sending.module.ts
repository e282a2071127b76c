import { AuditModule } from '@app/audit';
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import type { Logger } from 'pino';
import { WebhookSecrets } from './endpoints/webhook-secrets.js';
import { DeliveryClaimsRepository } from './sending/delivery-claims.repository.js';
import { DeliveryOutcomes } from './sending/delivery-outcomes.js';
import { WebhookCleaning } from './sending/webhook-cleaning.js';
import { WebhookFanOut } from './sending/webhook-fan-out.js';
import { WebhookSender } from './sending/webhook-sender.js';
import { WebhookTransport } from './sending/webhook-transport.js';
import { WEBHOOK_LOGGER } from './webhook-logger.js';
import { type WebhookConfig, WebhookPlaces } from './webhook.config.js';

/** Webhooks as the process needs them that sends them; needs the process's `DatabaseModule`. */
@Module({})
export class WebhookSendingModule {
  /** `imports` must give the vault. Throws ConfigurationError. */
  static forRoot(options: {
    config: WebhookConfig;
    logger: Logger;
    imports: ModuleMetadata['imports'];
  }): DynamicModule {
    const { isLoopbackAllowed } = WebhookPlaces.from(options.config);
    return {
      module: WebhookSendingModule,
      imports: [AuditModule, ...(options.imports ?? [])],
      providers: [
        WebhookFanOut,
        WebhookSender,
        WebhookCleaning,
        WebhookSecrets,
        DeliveryClaimsRepository,
        DeliveryOutcomes,
        { provide: WebhookTransport, useFactory: () => new WebhookTransport({ isLoopbackAllowed }) },
        { provide: WEBHOOK_LOGGER, useValue: options.logger },
      ],
      exports: [WebhookFanOut, WebhookSender, WebhookCleaning, WEBHOOK_LOGGER],
    };
  }
}
