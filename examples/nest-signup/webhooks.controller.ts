import { Controller, HttpCode, Post, type RawBodyRequest, Req, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { verifyWebhook, type WebhookEvent, WebhookVerificationError } from 'tenant-provisioner-client';
import { Backend } from '../core/backend.js';

/** Takes webhooks: verified, remembered, answered; what they mean is looked up afterwards. */
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly backend: Backend) {}

  @Post()
  @HttpCode(204)
  receive(@Req() request: RawBodyRequest<FastifyRequest>): void {
    const event = this.verify(request);
    if (this.backend.signUps.isNew(event.id)) void this.backend.onboarding.hear(event);
  }

  private verify({ rawBody, headers }: RawBodyRequest<FastifyRequest>): WebhookEvent {
    try {
      return verifyWebhook(rawBody ?? '', headers, this.backend.settings.webhookSecrets);
    } catch (thrown) {
      if (thrown instanceof WebhookVerificationError) throw new UnauthorizedException();
      throw thrown;
    }
  }
}
