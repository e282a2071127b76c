import { ConfigurationError } from '@app/platform';
import { z } from 'zod';

/** The settings of a process that accepts endpoints or sends to them. */
export const webhookSettings = {
  /** Development only: lets endpoints be on this machine, and over http there. */
  WEBHOOK_ALLOW_LOOPBACK: z
    .enum(['true', 'false'], { error: 'must be "true" or "false"' })
    .default('false')
    .transform((value) => value === 'true'),
};

/** The parsed `webhookSettings`, and in which environment they are used. */
export interface WebhookConfig {
  NODE_ENV: 'development' | 'test' | 'production';
  WEBHOOK_ALLOW_LOOPBACK: boolean;
}

/** Where endpoints may be. */
export class WebhookPlaces {
  /** Throws ConfigurationError if this machine is allowed in production. */
  static from({ NODE_ENV, WEBHOOK_ALLOW_LOOPBACK }: WebhookConfig): WebhookPlaces {
    if (WEBHOOK_ALLOW_LOOPBACK && NODE_ENV === 'production') {
      throw new ConfigurationError(
        'The configuration is not usable.\n  WEBHOOK_ALLOW_LOOPBACK: is for development; remove it where NODE_ENV is production',
      );
    }
    return new WebhookPlaces(WEBHOOK_ALLOW_LOOPBACK);
  }

  constructor(readonly isLoopbackAllowed: boolean) {}
}
