import { type Caller, CustomersReader, CustomersService } from '@app/customers';
import { IdPipe } from '@app/http';
import { PausesService, RunsReader } from '@app/runs';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CurrentCaller } from '../session/current-caller.decorator.js';
import { type RunRow, RunRowsReader } from './run-rows.reader.js';
import {
  isSuperseded,
  RunChange,
  RunFilter,
  showRun,
  showRunRow,
  type ShownRun,
  type ShownRunRow,
} from './run.schema.js';

/** Runs, and what an operator may change about them. */
@Controller('api/runs')
export class RunsController {
  constructor(
    private readonly rows: RunRowsReader,
    private readonly reader: RunsReader,
    private readonly customersReader: CustomersReader,
    private readonly customers: CustomersService,
    private readonly pauses: PausesService,
  ) {}

  @Get()
  async list(@Query({ schema: RunFilter }) filter: RunFilter): Promise<{ runs: ShownRunRow[]; nextCursor?: string }> {
    const page = await this.rows.list(filter);
    return { ...page, runs: (await this.pauses.addPauses(page.runs)).map(showRunRow) };
  }

  @Get(':id')
  async get(@Param('id', new IdPipe('run')) id: string): Promise<ShownRun> {
    const [run] = await this.pauses.addPauses([await this.reader.get(id)]);
    const customer = run!.customerId === null ? null : await this.#readCustomer(run!.customerId);
    const supersededBy = isSuperseded(run!) ? await this.rows.findSuccessor(run!) : undefined;
    return showRun(run!, customer, supersededBy ?? null);
  }

  @Post(':id/retry')
  @HttpCode(200)
  async retry(
    @Param('id', new IdPipe('run')) id: string,
    @Body({ schema: RunChange }) change: RunChange,
    @CurrentCaller() { actor }: Caller,
    @Req() request: FastifyRequest,
  ): Promise<ShownRun> {
    await this.customers.retryRun(id, { ...change, actor, requestId: request.id });
    return this.get(id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(
    @Param('id', new IdPipe('run')) id: string,
    @Body({ schema: RunChange }) change: RunChange,
    @CurrentCaller() { actor }: Caller,
    @Req() request: FastifyRequest,
  ): Promise<ShownRun> {
    await this.customers.cancelRun(id, { ...change, actor, requestId: request.id });
    return this.get(id);
  }

  async #readCustomer(customerId: string): Promise<RunRow['customer']> {
    const { id, name, externalId, tenantHost, state } = await this.customersReader.get(customerId);
    return { id, name, externalId, tenantHost, state };
  }
}
