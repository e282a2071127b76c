import { AuditModule } from '@app/audit';
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { WebhookDeliveriesReader } from './deliveries/webhook-deliveries.reader.js';
import { WebhookReplayService } from './deliveries/webhook-replay.service.js';
import { WebhookEndpointsReader } from './endpoints/webhook-endpoints.reader.js';
import { WebhookEndpointsService } from './endpoints/webhook-endpoints.service.js';
import { WebhookSecrets } from './endpoints/webhook-secrets.js';
import { type WebhookConfig, WebhookPlaces } from './webhook.config.js';

/** Webhook endpoints as the process needs them that registers them; needs the process's `DatabaseModule`. */
@Module({})
export class WebhooksModule {
  /** `imports` must give the vault. Throws ConfigurationError. */
  static forRoot(options: { config: WebhookConfig; imports: ModuleMetadata['imports'] }): DynamicModule {
    const services = [WebhookEndpointsReader, WebhookEndpointsService, WebhookDeliveriesReader, WebhookReplayService];
    return {
      module: WebhooksModule,
      imports: [AuditModule, ...(options.imports ?? [])],
      providers: [
        ...services,
        WebhookSecrets,
        { provide: WebhookPlaces, useValue: WebhookPlaces.from(options.config) },
      ],
      exports: services,
    };
  }
}
