import { Readable } from 'node:stream';
import type { Caller } from '@app/access';
import { IdPipe } from '@app/http';
import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { RunEvents } from './run-events.js';
import { RunWatch } from './run-watch.js';
import { RunEvent } from './run.schema.js';

/** A run, live. */
@ApiTags('Runs')
@Controller('v1/runs/:id/events')
export class RunEventsController {
  constructor(
    private readonly watch: RunWatch,
    private readonly events: RunEvents,
  ) {}

  @Get()
  @RequiresScope('runs:read')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The `id` of the last event you have.' })
  @Operation({
    id: 'followRun',
    summary: 'Follow a run until it ends',
    description:
      'Server-sent events, `event: run`: the `data` of each is the run as `GET /v1/runs/{id}` shows it, the `id` its ETag without the quotes. The first comes at once, unless `Last-Event-ID` names that version, the others with each change; what changes while you do not read is told once. The stream ends after the event in which the run is `succeeded`, `failed`, `needs_attention` or `cancelled`; a run that is retried is followed anew. It also ends after 15 minutes and when the server stops: connect again.',
    status: 200,
    stream: { mediaType: 'text/event-stream', item: RunEvent },
    answers: 'The events. A comment each 15 seconds keeps the connection alive.',
    empty: { 204: 'The run has ended as you know it: there is nothing to follow.' },
    problems: ['RUN_NOT_FOUND', 'CALLER_STREAMS_EXHAUSTED', 'STREAMS_EXHAUSTED'],
  })
  async follow(
    @Param('id', new IdPipe('run')) id: string,
    @Headers('last-event-id') seen: string | undefined,
    @CurrentCaller() caller: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const signal = this.events.streams.open(caller, reply.raw);
    const run = await this.watch.get(id);
    if (run.hasEnded && run.version === seen) {
      void reply.status(204).send();
      return;
    }
    void reply
      .header('content-type', 'text/event-stream')
      .header('cache-control', 'no-store')
      // Else nginx keeps events back until it has a buffer full of them.
      .header('x-accel-buffering', 'no')
      .send(Readable.from(this.events.follow(run, seen, signal)));
  }
}
