import type { Caller } from '@app/access';
import { RotationsService } from '@app/customers';
import { IdPipe } from '@app/http';
import { PausesService, RunsReader } from '@app/runs';
import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import type { ProblemCode } from '../problems/problem-catalog.js';
import { Run, showRun } from '../runs/run.schema.js';
import { NewRollback, NewRotation } from './new-rotation.schema.js';

const customerId = ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } });
const location = { Location: 'The path of the run.' };
const problems: ProblemCode[] = [
  'REQUEST_INVALID',
  'BODY_NOT_JSON',
  'CUSTOMER_NOT_FOUND',
  'CUSTOMER_BUSY',
  'CUSTOMER_NOT_READY',
  'CUSTOMER_OFFBOARDED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
];

/** Rotations of customers' secrets: begun here or by the schedule, carried out by the worker. */
@ApiTags('Rotations')
@Controller('v1/customers/:id/rotations')
export class RotationsController {
  constructor(
    private readonly rotations: RotationsService,
    private readonly runs: RunsReader,
    private readonly pauses: PausesService,
  ) {}

  @Post()
  @HttpCode(202)
  @RequiresScope('secrets:rotate')
  @customerId
  @Operation({
    id: 'startRotation',
    summary: "Replace a customer's secret now",
    description:
      'A graceful rotation leaves the old secret valid until the consumer has changed over, as the rotation policy says; it is refused while another one is under way. An emergency is accepted at any time: it takes over what is under way, and once the new secret is current it deletes every other secret of ours, so that consumers fail until they read the credentials again. Tokens that were minted with an old secret before it went live on until they expire, in either mode: Qlik has no call that ends them.',
    status: 202,
    schema: Run,
    answers: 'The run: a new one, or the one that goes on.',
    headers: location,
    problems: [...problems, 'ROTATION_ACTIVE'],
  })
  async start(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewRotation }) rotation: NewRotation,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Run> {
    const run = await this.rotations.start(id, rotation, caller, request.requestTrace);
    return this.#answer(run.id, reply);
  }

  @Post('rollback')
  @HttpCode(202)
  @RequiresScope('secrets:rotate')
  @customerId
  @Operation({
    id: 'rollBackRotation',
    summary: 'Go back to the secret before the last',
    description:
      'Possible while the last rotation is in its grace. The old secret becomes current again under a new, higher version; the rejected one stays valid for a grace of its own and then goes. Tokens that were minted with the rejected one live on until they expire.',
    status: 202,
    schema: Run,
    answers: 'The run that goes back.',
    headers: location,
    problems: [...problems, 'NOTHING_TO_ROLL_BACK'],
  })
  async rollBack(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: NewRollback }) rollback: NewRollback,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Run> {
    const run = await this.rotations.rollback(id, rollback, caller, request.requestTrace);
    return this.#answer(run.id, reply);
  }

  async #answer(runId: string, reply: FastifyReply): Promise<Run> {
    const [shown] = await this.pauses.addPauses([await this.runs.get(runId)]);
    reply.header('location', `/v1/runs/${runId}`);
    return showRun(shown!);
  }
}
