import type { Caller } from '@app/access';
import { IdPipe } from '@app/http';
import type { TenantHostPolicy } from '@app/qlik';
import { PausesService } from '@app/runs';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { assertTenantHost, TENANT_HOST_POLICY } from '../customers/tenant-host-policy.js';
import { Operation } from '../openapi/operation.decorator.js';
import { NewPause, Pause, PauseFilter, PausePage, showPause } from './pause.schema.js';

/** Pauses: where nothing new is begun until somebody lifts them. */
@ApiTags('Pauses')
@Controller('v1/pauses')
export class PausesController {
  constructor(
    private readonly pauses: PausesService,
    @Inject(TENANT_HOST_POLICY) private readonly hostPolicy: TenantHostPolicy,
  ) {}

  @Post()
  @HttpCode(201)
  @RequiresScope('runs:write')
  @Operation({
    id: 'createPause',
    summary: 'Pause a plan or a tenant',
    description:
      'No run of it is taken up until the pause is lifted; one that is under way stops at its next step. What is paused already stays as it is.',
    status: 201,
    schema: Pause,
    answers: 'The pause.',
    same: { 200: 'It was paused already, for the reason that is shown.' },
    problems: ['REQUEST_INVALID', 'BODY_NOT_JSON', 'TENANT_HOST_INVALID', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'],
  })
  async create(
    @Body({ schema: NewPause }) { plan, tenantHost, reason }: NewPause,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Pause> {
    if (tenantHost !== undefined) assertTenantHost(tenantHost, this.hostPolicy);
    const target = tenantHost === undefined ? { plan: plan! } : { tenantHost };
    const { pause, isNew } = await this.pauses.set({
      ...target,
      reason,
      actor: caller.actor,
      requestId: request.id,
    });
    if (!isNew) reply.status(200);
    return showPause(pause);
  }

  @Get()
  @RequiresScope('runs:read')
  @Operation({
    id: 'listPauses',
    summary: 'List the pauses in force',
    status: 200,
    schema: PausePage,
    answers: 'A page, newest first.',
    problems: ['REQUEST_INVALID'],
  })
  async list(@Query({ schema: PauseFilter }) { cursor, limit }: PauseFilter): Promise<z.output<typeof PausePage>> {
    const page = await this.pauses.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    return { ...page, pauses: page.pauses.map(showPause) };
  }

  @Delete(':id')
  @HttpCode(204)
  @RequiresScope('runs:write')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @Operation({
    id: 'deletePause',
    summary: 'Lift a pause',
    description: 'The runs that it held go on at once, unless another pause holds them.',
    status: 204,
    answers: 'It is lifted.',
    problems: ['PAUSE_NOT_FOUND'],
  })
  async lift(
    @Param('id', new IdPipe('pause')) id: string,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.pauses.lift(id, { actor: caller.actor, requestId: request.id });
  }
}
