import type { Caller } from '@app/access';
import { type Accepted, type BatchItem, type BatchItemResult, CustomerBatchesService } from '@app/customers';
import { parseInput, ProblemFilter } from '@app/http';
import { DomainError } from '@app/platform';
import type { TenantHostPolicy } from '@app/qlik';
import { Body, Controller, Headers, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBody, type ApiBodyOptions, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { BatchEnvelope, BatchResults, CustomerBatch } from './customer-batch.schema.js';
import { NewCustomer } from './customer.schema.js';
import { CustomerWithRunReader } from './customer-with-run.reader.js';
import { requireIdempotencyKey } from './idempotency-key.js';
import { assertTenantHost, TENANT_HOST_POLICY } from './tenant-host-policy.js';

/** Many customers, signed up by one request. */
@ApiTags('Customers')
@Controller('v1/customers/batch')
export class CustomerBatchesController {
  constructor(
    private readonly batches: CustomerBatchesService,
    private readonly reader: CustomerWithRunReader,
    private readonly problems: ProblemFilter,
    @Inject(TENANT_HOST_POLICY) private readonly hostPolicy: TenantHostPolicy,
  ) {}

  @Post()
  @HttpCode(202)
  @RequiresScope('customers:write')
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: 'Yours, new for each batch: 1 to 255 visible ASCII characters, remembered for 30 days.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  // Nest reads `standardSchema` here, though its types do not say so.
  @ApiBody({ standardSchema: CustomerBatch } as ApiBodyOptions)
  @Operation({
    id: 'createCustomers',
    summary: 'Sign up many customers',
    description:
      'Accepts each item for itself, as one sign-up would: one that is refused does not hold up the others. The same key and body again give the same customers and their newest runs, and try again what was refused; so a request that got no answer is finished by sending it again.',
    status: 202,
    schema: BatchResults,
    answers: 'What became of each item.',
    headers: { 'Idempotency-Replayed': '`true` when this batch was sent before.' },
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'IDEMPOTENCY_KEY_REQUIRED',
      'IDEMPOTENCY_IN_PROGRESS',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
      'IDEMPOTENCY_KEY_REUSED',
    ],
  })
  async create(
    @Body({ schema: BatchEnvelope }) { customers }: BatchEnvelope,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchResults> {
    const key = requireIdempotencyKey(idempotencyKey);
    const items = customers.map((item) => this.#judge(item));
    const { replayed, results } = await this.batches.accept(items, caller, key, request.requestTrace);
    if (replayed) reply.header('idempotency-replayed', 'true');
    const accepted = results
      .filter(isAccepted)
      .map(({ customer, run }) => ({ customer: { ...customer, currentRunId: run.id }, run }));
    const shown = (await this.reader.show(accepted)).values();
    return {
      results: results.map((result) =>
        isAccepted(result) ? shown.next().value! : { problem: this.problems.tell(result.error, request) },
      ),
    };
  }

  #judge(item: unknown): BatchItem {
    let input: NewCustomer | undefined;
    try {
      input = parseInput(NewCustomer, item, 'The item');
      assertTenantHost(input.tenantHost, this.hostPolicy);
      return { input };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { input, refusal: error };
    }
  }
}

const isAccepted = (result: BatchItemResult): result is Accepted => 'customer' in result;
