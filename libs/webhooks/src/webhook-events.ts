import type { AnnouncementType } from '@app/audit';

/** Every type of event that a webhook endpoint can get, with what it tells. A public contract: names are added, never renamed or removed. */
export const webhookEvents = {
  'customer.ready': 'A customer can be used: read its credentials, or ask for tokens.',
  'customer.failed': 'The onboarding of a customer ended without success.',
  'customer.offboarded': 'A customer was removed.',
  'secret.rotated': 'A customer has a new secret: read the credentials again. The old one stays valid for the grace.',
  'secret.revoked': 'A secret that a customer had no longer works.',
  'secret.rolled_back': 'A customer has its earlier secret again, under a new version: read the credentials again.',
  'acknowledgement.overdue': 'The deadline passed before anybody showed to use the new secret.',
  'run.needs_attention': 'A run stopped until a person changes something.',
  'drift.detected': 'The OAuth client of a customer differs from what is recorded or wanted.',
  'parent_client.failing': 'Qlik refuses the parent client of a region: nothing can be done in its tenants.',
} as const satisfies Record<AnnouncementType, string>;

/** The type of an event; `webhookEvents` says what each tells. */
export type WebhookEvent = keyof typeof webhookEvents;

/** The type of the event that is sent on demand, to try an endpoint: it gets that one whatever it asked for. */
export const TEST_EVENT = 'webhook.test';
