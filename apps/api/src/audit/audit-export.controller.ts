import { Readable } from 'node:stream';
import type { Caller } from '@app/access';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { AuditEvent, AuditExportFilter, withDates } from './audit-event.schema.js';
import { AuditExports } from './audit-exports.js';

/** The audit trail, to be kept elsewhere. */
@ApiTags('Audit')
@Controller('v1/audit-events/export')
export class AuditExportController {
  constructor(private readonly exports: AuditExports) {}

  @Get()
  @RequiresScope('audit:read')
  @Operation({
    id: 'exportAuditEvents',
    summary: 'Export audit events',
    description:
      'One JSON object per line, as `GET /v1/audit-events` shows an event: chain by chain, each in its own order from `sequence` 1, so that the hashes can be verified without this service. An export that fails, also because the server stops, is cut off: the connection breaks, and the last chunk of the body never comes.',
    status: 200,
    stream: { mediaType: 'application/x-ndjson', item: AuditEvent },
    answers: 'The events.',
    problems: ['REQUEST_INVALID', 'CALLER_STREAMS_EXHAUSTED', 'STREAMS_EXHAUSTED'],
  })
  async export(
    @Query({ schema: AuditExportFilter }) filter: AuditExportFilter,
    @CurrentCaller() caller: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const signal = this.exports.streams.open(caller, reply.raw);
    const lines = this.exports.read(withDates(filter), signal);
    // What fails before the first line can still be told as a problem.
    const first = await lines.next();
    const rest = first.done === true ? [] : startingWith(first.value, lines);
    void reply
      .header('content-type', 'application/x-ndjson')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(rest));
  }
}

async function* startingWith(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
