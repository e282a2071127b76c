import type { Caller } from '@app/access';
import { IdPipe } from '@app/http';
import { WebhookEndpointsReader, WebhookEndpointsService } from '@app/webhooks';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import type { ProblemCode } from '../problems/problem-catalog.js';
import {
  NewWebhookEndpoint,
  RegisteredWebhookEndpoint,
  showWebhookEndpoint,
  WebhookEndpoint,
  WebhookEndpointChange,
  WebhookEndpointList,
} from './webhook-endpoint.schema.js';

const endpointId = ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } });
const noStore = { 'Cache-Control': '`no-store`' };
const bodyProblems: ProblemCode[] = ['REQUEST_INVALID', 'BODY_NOT_JSON', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'];
const vaultProblems: ProblemCode[] = ['DATA_KEY_UNREADABLE', 'KEY_ENCRYPTION_KEY_UNUSABLE', 'KEY_PROVIDER_UNAVAILABLE'];

/** Webhook endpoints: where an OEM hears of events without asking. */
@ApiTags('Webhooks')
@Controller('v1/webhook-endpoints')
export class WebhookEndpointsController {
  constructor(
    private readonly endpoints: WebhookEndpointsService,
    private readonly reader: WebhookEndpointsReader,
  ) {}

  @Post()
  @HttpCode(201)
  @RequiresScope('webhooks:write')
  @Operation({
    id: 'createWebhookEndpoint',
    summary: 'Register a webhook endpoint',
    description:
      'It gets what happens from now on. Requests are signed as Standard Webhooks has it (standardwebhooks.com) with the secret of the answer, which is shown this once.',
    status: 201,
    schema: RegisteredWebhookEndpoint,
    answers: 'The endpoint, with its secret.',
    headers: { ...noStore, Location: 'The path of the endpoint.' },
    problems: [...bodyProblems, 'WEBHOOK_ENDPOINTS_EXHAUSTED', ...vaultProblems],
  })
  async create(
    @Body({ schema: NewWebhookEndpoint }) endpoint: NewWebhookEndpoint,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof RegisteredWebhookEndpoint>> {
    const { id, secret } = await this.endpoints.create(endpoint, caller.actor);
    const shown = await this.#show(id);
    reply.header('cache-control', 'no-store').header('location', `/v1/webhook-endpoints/${id}`);
    return { ...shown, secret: secret.reveal() };
  }

  @Get()
  @RequiresScope('webhooks:write')
  @Operation({
    id: 'listWebhookEndpoints',
    summary: 'List the webhook endpoints',
    status: 200,
    schema: WebhookEndpointList,
    answers: 'All of them, oldest first.',
    problems: [],
  })
  async list(): Promise<z.output<typeof WebhookEndpointList>> {
    return { webhookEndpoints: (await this.reader.list()).map(showWebhookEndpoint) };
  }

  @Get(':id')
  @RequiresScope('webhooks:write')
  @endpointId
  @Operation({
    id: 'getWebhookEndpoint',
    summary: 'Read a webhook endpoint',
    status: 200,
    schema: WebhookEndpoint,
    answers: 'The endpoint.',
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
  })
  get(@Param('id', new IdPipe('webhook endpoint')) id: string): Promise<WebhookEndpoint> {
    return this.#show(id);
  }

  @Patch(':id')
  @RequiresScope('webhooks:write')
  @endpointId
  @Operation({
    id: 'changeWebhookEndpoint',
    summary: 'Change a webhook endpoint',
    description:
      'What is not given stays as it is. Set `state` to `active` to use again one that was disabled; what it missed is in its log and can be replayed.',
    status: 200,
    schema: WebhookEndpoint,
    answers: 'The endpoint as it is now.',
    problems: [...bodyProblems, 'WEBHOOK_ENDPOINT_NOT_FOUND'],
  })
  async change(
    @Param('id', new IdPipe('webhook endpoint')) id: string,
    @Body({ schema: WebhookEndpointChange }) change: WebhookEndpointChange,
    @CurrentCaller() caller: Caller,
  ): Promise<WebhookEndpoint> {
    await this.endpoints.change(id, change, caller.actor);
    return this.#show(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @RequiresScope('webhooks:write')
  @endpointId
  @Operation({
    id: 'deleteWebhookEndpoint',
    summary: 'Remove a webhook endpoint',
    description: 'With its log and its secrets. A delivery that is on its way at this moment may still arrive.',
    status: 204,
    answers: 'It is gone.',
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
  })
  async delete(
    @Param('id', new IdPipe('webhook endpoint')) id: string,
    @CurrentCaller() caller: Caller,
  ): Promise<void> {
    await this.endpoints.delete(id, caller.actor);
  }

  @Post(':id/secret-rotation')
  @HttpCode(200)
  @RequiresScope('webhooks:write')
  @endpointId
  @Operation({
    id: 'rotateWebhookSecret',
    summary: 'Give a webhook endpoint a new secret',
    description:
      'For 24 hours each request bears two signatures, with the new secret and with the one before. Rotating again within that time ends the older one at once.',
    status: 200,
    schema: RegisteredWebhookEndpoint,
    answers: 'The endpoint, with its new secret.',
    headers: noStore,
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND', ...vaultProblems],
  })
  async rotateSecret(
    @Param('id', new IdPipe('webhook endpoint')) id: string,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof RegisteredWebhookEndpoint>> {
    const secret = await this.endpoints.rotateSecret(id, caller.actor);
    const shown = await this.#show(id);
    reply.header('cache-control', 'no-store');
    return { ...shown, secret: secret.reveal() };
  }

  async #show(id: string): Promise<WebhookEndpoint> {
    return showWebhookEndpoint(await this.reader.get(id));
  }
}
