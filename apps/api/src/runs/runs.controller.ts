import type { Caller } from '@app/access';
import { CustomersService } from '@app/customers';
import { IdPipe } from '@app/http';
import { PausesService, RunsReader } from '@app/runs';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { etagOf, hasVersion, requireVersion } from '../http/etag.js';
import { Operation } from '../openapi/operation.decorator.js';
import type { ProblemCode } from '../problems/problem-catalog.js';
import { Run, RunChange, RunFilter, RunPage, showRun } from './run.schema.js';

const ifMatch = ApiHeader({ name: 'If-Match', required: true, description: 'The ETag of the run as you read it.' });
const runId = ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } });
const etag = { ETag: 'The revision of the run, and the pause that holds it.' };
const changeProblems: ProblemCode[] = [
  'REQUEST_INVALID',
  'BODY_NOT_JSON',
  'RUN_NOT_FOUND',
  'CUSTOMER_BUSY',
  'RUN_STATE_CONFLICT',
  'RUN_SUPERSEDED',
  'RUN_CHANGED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'IF_MATCH_REQUIRED',
];

/** Runs: what the worker does for a customer, and what people may change about it. */
@ApiTags('Runs')
@Controller('v1/runs')
export class RunsController {
  constructor(
    private readonly reader: RunsReader,
    private readonly customers: CustomersService,
    private readonly pauses: PausesService,
  ) {}

  @Get()
  @RequiresScope('runs:read')
  @Operation({
    id: 'listRuns',
    summary: 'List runs',
    status: 200,
    schema: RunPage,
    answers: 'A page, newest first.',
    problems: ['REQUEST_INVALID'],
  })
  async list(@Query({ schema: RunFilter }) { limit, ...filter }: RunFilter): Promise<z.output<typeof RunPage>> {
    const page = await this.reader.list({ ...filter, limit });
    return { ...page, runs: (await this.pauses.addPauses(page.runs)).map(showRun) };
  }

  @Get(':id')
  @RequiresScope('runs:read')
  @runId
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of the run as you have it.' })
  @Operation({
    id: 'getRun',
    summary: 'Read a run with its steps',
    status: 200,
    schema: Run,
    answers: 'The run.',
    headers: etag,
    empty: { 304: 'It is as you have it.' },
    problems: ['RUN_NOT_FOUND'],
  })
  async get(
    @Param('id', new IdPipe('run')) id: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Run | undefined> {
    const run = await this.#read(id, reply);
    if (!hasVersion(ifNoneMatch, run.revision, run.pausedBy?.id)) return showRun(run);
    reply.status(304);
    return undefined;
  }

  @Post(':id/retry')
  @HttpCode(202)
  @RequiresScope('runs:write')
  @runId
  @ifMatch
  @Operation({
    id: 'retryRun',
    summary: 'Try a stopped run again',
    description: 'Possible from `failed`, `needs_attention` and `cancelled`.',
    status: 202,
    schema: Run,
    answers: 'The run, queued again.',
    headers: etag,
    problems: [...changeProblems, 'ROTATION_ACTIVE', 'CUSTOMER_OFFBOARDED'],
  })
  async retry(
    @Param('id', new IdPipe('run')) id: string,
    @Body({ schema: RunChange }) { reason }: RunChange,
    @Headers('if-match') seen: string | undefined,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Run> {
    const change = { revision: requireVersion(seen), reason, actor: caller.actor, requestId: request.id };
    await this.customers.retryRun(id, change);
    return showRun(await this.#read(id, reply));
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @RequiresScope('runs:write')
  @runId
  @ifMatch
  @Operation({
    id: 'cancelRun',
    summary: 'Stop a run',
    description:
      'The run stops at its next step and takes back what it made. Possible until it has ended, and from `needs_attention`; of a rotation, until its new secret is current: then it is rolled back instead. An offboarding cannot be cancelled.',
    status: 202,
    schema: Run,
    answers: 'The run, told to stop.',
    headers: etag,
    problems: [...changeProblems, 'ROTATION_PROMOTED', 'OFFBOARDING_FINAL'],
  })
  async cancel(
    @Param('id', new IdPipe('run')) id: string,
    @Body({ schema: RunChange }) { reason }: RunChange,
    @Headers('if-match') seen: string | undefined,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Run> {
    const change = { revision: requireVersion(seen), reason, actor: caller.actor, requestId: request.id };
    await this.customers.cancelRun(id, change);
    return showRun(await this.#read(id, reply));
  }

  async #read(id: string, reply: FastifyReply) {
    const [run] = await this.pauses.addPauses([await this.reader.get(id)]);
    reply.header('etag', etagOf(run!.revision, run!.pausedBy?.id));
    return run!;
  }
}
