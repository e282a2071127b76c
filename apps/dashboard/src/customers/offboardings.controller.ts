import { type Caller, OffboardingsService } from '@app/customers';
import { IdPipe } from '@app/http';
import { Body, Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CurrentCaller } from '../session/current-caller.decorator.js';
import { type BegunOffboarding, NewOffboarding } from './offboarding.schema.js';

/** Offboardings that operators ask for. */
@Controller('api/customers/:id/offboarding')
export class OffboardingsController {
  constructor(private readonly offboardings: OffboardingsService) {}

  @Post()
  @HttpCode(202)
  async begin(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewOffboarding }) { reason }: NewOffboarding,
    @CurrentCaller() caller: Caller,
    @Req() { requestTrace }: FastifyRequest,
  ): Promise<BegunOffboarding> {
    const run = await this.offboardings.begin(id, caller, requestTrace, reason);
    return { runId: run.id };
  }
}
