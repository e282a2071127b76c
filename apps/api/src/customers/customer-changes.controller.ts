import type { Caller } from '@app/access';
import { CustomerChangesService } from '@app/customers';
import { IdPipe } from '@app/http';
import type { TenantHostPolicy } from '@app/qlik';
import { Body, Controller, HttpCode, Inject, Param, Patch, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { AcceptedCustomer } from './customer.schema.js';
import { CustomerPatch, toChanges } from './customer-patch.schema.js';
import { CustomerWithRunReader } from './customer-with-run.reader.js';
import { assertTenantHost, TENANT_HOST_POLICY } from './tenant-host-policy.js';

/** Changes of what is wanted for customers: stored here, brought to Qlik by the worker. */
@ApiTags('Customers')
@Controller('v1/customers')
export class CustomerChangesController {
  constructor(
    private readonly changes: CustomerChangesService,
    private readonly reader: CustomerWithRunReader,
    @Inject(TENANT_HOST_POLICY) private readonly hostPolicy: TenantHostPolicy,
  ) {}

  @Patch(':id')
  @HttpCode(202)
  @RequiresScope('customers:write')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @Operation({
    id: 'changeCustomer',
    summary: 'Change a customer',
    description:
      'The values count at once. The run of the answer brings the client at Qlik in line with them: of a customer that is ready or degraded a reconciliation, also where nothing differs; of any other its onboarding, which uses the new values once it goes on, and which you retry if it has stopped. While a run is at work for the customer, only `name`, `metadata`, `rotation` and `verificationUser` can change, and that run is the one of the answer. `tenantHost` can change only as long as no client can exist.',
    status: 202,
    schema: AcceptedCustomer,
    answers: 'Changed; the run tells how it goes at Qlik.',
    headers: { Location: 'The path of the run.' },
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'TENANT_HOST_INVALID',
      'CUSTOMER_NOT_FOUND',
      'CUSTOMER_BUSY',
      'TENANT_HOST_FIXED',
      'TENANT_HOST_TAKEN',
      'CUSTOMER_OFFBOARDED',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  })
  async change(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: CustomerPatch }) patch: CustomerPatch,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof AcceptedCustomer>> {
    if (patch.tenantHost !== undefined) assertTenantHost(patch.tenantHost, this.hostPolicy);
    const run = await this.changes.change(id, toChanges(patch), caller, request.requestTrace);
    reply.header('location', `/v1/runs/${run.id}`);
    return this.reader.get(id, run.id);
  }
}
