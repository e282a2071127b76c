export {
  type DeliveryQuery,
  type ShownDelivery,
  WebhookDeliveriesReader,
} from './deliveries/webhook-deliveries.reader.js';
export { type Replay, WebhookReplayService } from './deliveries/webhook-replay.service.js';
export { MAX_ENDPOINTS } from './endpoints/webhook-endpoint-errors.js';
export { type ShownEndpoint, WebhookEndpointsReader } from './endpoints/webhook-endpoints.reader.js';
export {
  type NewWebhookEndpoint,
  type WebhookEndpointChange,
  WebhookEndpointsService,
} from './endpoints/webhook-endpoints.service.js';
export { WebhookSecrets } from './endpoints/webhook-secrets.js';
export { WebhookCleaning } from './sending/webhook-cleaning.js';
export { WebhookFanOut } from './sending/webhook-fan-out.js';
export { WebhookSender } from './sending/webhook-sender.js';
export { type DeliveryError } from './sending/webhook-transport.js';
export { TEST_EVENT, type WebhookEvent, webhookEvents } from './webhook-events.js';
export { WEBHOOK_LOGGER } from './webhook-logger.js';
export { WebhookSendingModule } from './webhook-sending.module.js';
export { type WebhookConfig, WebhookPlaces, webhookSettings } from './webhook.config.js';
export { WebhooksModule } from './webhooks.module.js';
