import type { Caller } from '@app/access';
import { CustomersReader, CustomersService, DryRunsService } from '@app/customers';
import { IdPipe } from '@app/http';
import type { TenantHostPolicy } from '@app/qlik';
import { PausesService } from '@app/runs';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { showRun } from '../runs/run.schema.js';
import { SecretVersionsReader } from '../secret-versions/secret-versions.reader.js';
import { Customer, CustomerFilter, CustomerPage, type NewCustomer, showCustomer } from './customer.schema.js';
import { CustomerWithRunReader } from './customer-with-run.reader.js';
import { AcceptedSignUp, DryRun, showDryRun, SignUp } from './dry-run.schema.js';
import { requireIdempotencyKey } from './idempotency-key.js';
import { assertTenantHost, TENANT_HOST_POLICY } from './tenant-host-policy.js';

/** Customers: signed up here, onboarded by the worker. */
@ApiTags('Customers')
@Controller('v1/customers')
export class CustomersController {
  constructor(
    private readonly customers: CustomersService,
    private readonly dryRuns: DryRunsService,
    private readonly reader: CustomersReader,
    private readonly withRun: CustomerWithRunReader,
    private readonly pauses: PausesService,
    private readonly secretVersions: SecretVersionsReader,
    @Inject(TENANT_HOST_POLICY) private readonly hostPolicy: TenantHostPolicy,
  ) {}

  @Post()
  @HttpCode(202)
  @RequiresScope('customers:write')
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description:
      'Yours, new for each customer: 1 to 255 visible ASCII characters, remembered for 30 days. A dry run does not ask for it.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  @Operation({
    id: 'createCustomer',
    summary: 'Sign up a customer',
    description:
      'Accepts the customer; its run tells how the onboarding goes. The same key and body again give the same customer and its newest run. With `dryRun` nobody is signed up.',
    status: 202,
    schema: AcceptedSignUp,
    answers: 'Accepted, now or earlier; for a dry run against the tenant, its run alone.',
    others: { 200: { schema: DryRun, answers: 'A dry run: the customer would be accepted.' } },
    headers: {
      Location: 'The path of the run.',
      'Idempotency-Replayed': '`true` when an earlier request with this key made the customer.',
    },
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'TENANT_HOST_INVALID',
      'IDEMPOTENCY_KEY_REQUIRED',
      'EXTERNAL_ID_TAKEN',
      'TENANT_HOST_TAKEN',
      'CLIENT_TAKEN',
      'IDEMPOTENCY_IN_PROGRESS',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
      'IDEMPOTENCY_KEY_REUSED',
      'DATA_KEY_UNREADABLE',
      'KEY_ENCRYPTION_KEY_UNUSABLE',
      'KEY_PROVIDER_UNAVAILABLE',
    ],
  })
  async create(
    @Body({ schema: SignUp }) { dryRun, ...input }: SignUp,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedSignUp | DryRun> {
    if (dryRun === true) return this.#judge(input, reply);
    if (dryRun === 'tenant') return this.#tryTenant(input, caller, request, reply);
    const key = requireIdempotencyKey(idempotencyKey);
    assertTenantHost(input.tenantHost, this.hostPolicy);
    const { customer, run, replayed } = await this.customers.accept(input, caller, key, request.requestTrace);
    reply.header('location', `/v1/runs/${run.id}`);
    if (replayed) reply.header('idempotency-replayed', 'true');
    const [shown] = await this.withRun.show([{ customer: { ...customer, currentRunId: run.id }, run }]);
    return shown!;
  }

  @Get()
  @RequiresScope('customers:read')
  @Operation({
    id: 'listCustomers',
    summary: 'List customers',
    status: 200,
    schema: CustomerPage,
    answers: 'A page, newest first.',
    problems: ['REQUEST_INVALID'],
  })
  async list(@Query({ schema: CustomerFilter }) filter: CustomerFilter): Promise<z.output<typeof CustomerPage>> {
    const page = await this.reader.list(filter);
    return { ...page, customers: (await this.secretVersions.addCurrent(page.customers)).map(showCustomer) };
  }

  @Get(':id')
  @RequiresScope('customers:read')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @Operation({
    id: 'getCustomer',
    summary: 'Read a customer',
    status: 200,
    schema: Customer,
    answers: 'The customer.',
    problems: ['CUSTOMER_NOT_FOUND'],
  })
  async get(@Param('id', new IdPipe('customer')) id: string): Promise<Customer> {
    const [customer] = await this.secretVersions.addCurrent([await this.reader.get(id)]);
    return showCustomer(customer!);
  }

  async #judge(input: NewCustomer, reply: FastifyReply): Promise<DryRun> {
    assertTenantHost(input.tenantHost, this.hostPolicy);
    await this.dryRuns.judge(input);
    reply.status(200);
    return showDryRun(input);
  }

  async #tryTenant(
    input: NewCustomer,
    caller: Caller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AcceptedSignUp> {
    assertTenantHost(input.tenantHost, this.hostPolicy);
    const run = await this.dryRuns.tryTenant(input, caller, request.requestTrace);
    reply.header('location', `/v1/runs/${run.id}`);
    const [shown] = await this.pauses.addPauses([{ ...run, steps: [] }]);
    return { run: showRun(shown!) };
  }
}
