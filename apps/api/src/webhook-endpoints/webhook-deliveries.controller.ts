import type { Caller } from '@app/access';
import { IdPipe } from '@app/http';
import { WebhookDeliveriesReader, WebhookReplayService } from '@app/webhooks';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import {
  ReplayedWebhooks,
  showWebhookDelivery,
  toReplay,
  WebhookDeliveryFilter,
  WebhookDeliveryPage,
  WebhookReplay,
  WebhookTest,
} from './webhook-delivery.schema.js';

const endpointId = ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } });

/** What was sent to a webhook endpoint, and what is sent to it again. */
@ApiTags('Webhooks')
@Controller('v1/webhook-endpoints/:id')
export class WebhookDeliveriesController {
  constructor(
    private readonly deliveries: WebhookDeliveriesReader,
    private readonly replays: WebhookReplayService,
  ) {}

  @Get('deliveries')
  @RequiresScope('webhooks:write')
  @endpointId
  @Operation({
    id: 'listWebhookDeliveries',
    summary: 'List what was sent to a webhook endpoint',
    description: 'Each event with every try, for 30 days.',
    status: 200,
    schema: WebhookDeliveryPage,
    answers: 'A page, newest first.',
    problems: ['REQUEST_INVALID', 'WEBHOOK_ENDPOINT_NOT_FOUND'],
  })
  async list(
    @Param('id', new IdPipe('webhook endpoint')) id: string,
    @Query({ schema: WebhookDeliveryFilter }) filter: WebhookDeliveryFilter,
  ): Promise<z.output<typeof WebhookDeliveryPage>> {
    const page = await this.deliveries.list(id, filter);
    return { ...page, deliveries: page.deliveries.map(showWebhookDelivery) };
  }

  @Post('replay')
  @HttpCode(202)
  @RequiresScope('webhooks:write')
  @endpointId
  @Operation({
    id: 'replayWebhooks',
    summary: 'Send events to a webhook endpoint again',
    description:
      'Each under the `webhook-id` it had, whether it had arrived or not: a receiver that keeps these ids takes none twice. At most 10,000 at once.',
    status: 202,
    schema: ReplayedWebhooks,
    answers: 'How many are sent again.',
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'WEBHOOK_ENDPOINT_NOT_FOUND',
      'WEBHOOK_DELIVERY_NOT_FOUND',
      'WEBHOOK_ENDPOINT_DISABLED',
      'WEBHOOK_REPLAY_TOO_LARGE',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  })
  async replay(
    @Param('id', new IdPipe('webhook endpoint')) id: string,
    @Body({ schema: WebhookReplay }) replay: WebhookReplay,
    @CurrentCaller() caller: Caller,
  ): Promise<z.output<typeof ReplayedWebhooks>> {
    return { deliveries: await this.replays.replay(id, toReplay(replay), caller.actor) };
  }

  @Post('test')
  @HttpCode(202)
  @RequiresScope('webhooks:write')
  @endpointId
  @Operation({
    id: 'testWebhookEndpoint',
    summary: 'Send a webhook endpoint a test event',
    description: 'Of the type `webhook.test`, whatever types the endpoint gets. The log tells how it went.',
    status: 202,
    schema: WebhookTest,
    answers: 'The delivery, which is sent within seconds.',
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND', 'WEBHOOK_ENDPOINT_DISABLED'],
  })
  async test(
    @Param('id', new IdPipe('webhook endpoint')) id: string,
    @CurrentCaller() caller: Caller,
  ): Promise<z.output<typeof WebhookTest>> {
    return { deliveryId: await this.replays.test(id, caller.actor) };
  }
}
