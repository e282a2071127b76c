import type { OperatorSession } from '@app/access';
import { CustomersReader, RotationDefaults, RotationsService } from '@app/customers';
import { IdPipe } from '@app/http';
import { Body, Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CurrentSession } from '../session/current-session.decorator.js';
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
    @CurrentSession() session: OperatorSession,
    @Req() { requestTrace }: FastifyRequest,
  ): Promise<BegunRotation> {
    const run = await this.rotations.start(id, rotation, callerOf(session), requestTrace);
    return { runId: run.id };
  }

  @Post('rotations/rollback')
  @HttpCode(202)
  async rollBack(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewRollback }) rollback: NewRollback,
    @CurrentSession() session: OperatorSession,
    @Req() { requestTrace }: FastifyRequest,
  ): Promise<BegunRotation> {
    const run = await this.rotations.rollback(id, rollback, callerOf(session), requestTrace);
    return { runId: run.id };
  }

  @Post('acknowledgements')
  @HttpCode(204)
  async acknowledge(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewAcknowledgement }) { version }: NewAcknowledgement,
    @CurrentSession() session: OperatorSession,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.rotations.acknowledge(id, version, callerOf(session), request.id);
  }
}

const callerOf = ({ operator }: OperatorSession): { id: string; actor: string } => {
  const actor = `operator:${operator}`;
  return { id: actor, actor };
};
