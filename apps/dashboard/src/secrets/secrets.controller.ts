import { type Caller, CustomersReader, RotationDefaults, RotationsService } from '@app/customers';
import { IdPipe } from '@app/http';
import { Body, Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CurrentCaller } from '../session/current-caller.decorator.js';
import { type BegunRotation, NewAcknowledgement, NewRollback, NewRotation } from './rotation.schema.js';
import { SecretFactsReader } from './secret-facts.reader.js';
import { showSecret, type ShownSecret } from './secret.schema.js';

/** The secret of a customer: how it stands, and what an operator may ask about its rotation. */
@Controller('api/customers/:id')
export class SecretsController {
  constructor(
    private readonly customers: CustomersReader,
    private readonly facts: SecretFactsReader,
    private readonly defaults: RotationDefaults,
    private readonly rotations: RotationsService,
  ) {}

  @Get('secret')
  async get(@Param('id', new IdPipe('customer')) id: string): Promise<ShownSecret> {
    return showSecret(await this.customers.get(id), await this.facts.get(id), this.defaults);
  }

  @Post('rotations')
  @HttpCode(202)
  async rotate(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewRotation }) rotation: NewRotation,
    @CurrentCaller() caller: Caller,
    @Req() { requestTrace }: FastifyRequest,
  ): Promise<BegunRotation> {
    const run = await this.rotations.start(id, rotation, caller, requestTrace);
    return { runId: run.id };
  }

  @Post('rotations/rollback')
  @HttpCode(202)
  async rollBack(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewRollback }) rollback: NewRollback,
    @CurrentCaller() caller: Caller,
    @Req() { requestTrace }: FastifyRequest,
  ): Promise<BegunRotation> {
    const run = await this.rotations.rollback(id, rollback, caller, requestTrace);
    return { runId: run.id };
  }

  @Post('acknowledgements')
  @HttpCode(204)
  async acknowledge(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewAcknowledgement }) { version }: NewAcknowledgement,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.rotations.acknowledge(id, version, caller, request.id);
  }
}
