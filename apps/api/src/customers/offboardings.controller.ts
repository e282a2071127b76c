import type { Caller } from '@app/access';
import { OffboardingsService } from '@app/customers';
import { IdPipe } from '@app/http';
import { Controller, Delete, HttpCode, Param, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { AcceptedCustomer } from './customer.schema.js';
import { CustomerWithRunReader } from './customer-with-run.reader.js';

/** Offboardings: begun here, carried out by the worker. */
@ApiTags('Customers')
@Controller('v1/customers')
export class OffboardingsController {
  constructor(
    private readonly offboardings: OffboardingsService,
    private readonly reader: CustomerWithRunReader,
  ) {}

  @Delete(':id')
  @HttpCode(202)
  @RequiresScope('customers:write')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @Operation({
    id: 'offboardCustomer',
    summary: 'Offboard a customer',
    description:
      "Deletes the customer's OAuth client at Qlik by its recorded id, then its secrets here and the data key that sealed them; its audit stays. From this answer on its credentials are no longer given out and nothing else begins for it. It cannot be cancelled. Its `externalId` and `tenantHost` are free again once the run has succeeded. Other runs of the customer give way, unless a worker is at one of them at this moment. Sent again, it answers with the same run until that has succeeded. Tokens that were minted before live on until they expire.",
    status: 202,
    schema: AcceptedCustomer,
    answers: 'Begun, now or earlier.',
    headers: { Location: 'The path of the run.' },
    problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_BUSY', 'CUSTOMER_OFFBOARDED'],
  })
  async begin(
    @Param('id', new IdPipe('customer')) id: string,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof AcceptedCustomer>> {
    const run = await this.offboardings.begin(id, caller, request.requestTrace);
    reply.header('location', `/v1/runs/${run.id}`);
    return this.reader.get(id, run.id);
  }
}
