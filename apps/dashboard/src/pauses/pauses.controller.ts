import { type Caller, CustomersReader } from '@app/customers';
import { IdPipe } from '@app/http';
import { DomainError } from '@app/platform';
import { PausesService, PLAN_NAMES } from '@app/runs';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller } from '../session/current-caller.decorator.js';
import { PauseFactsReader } from './pause-facts.reader.js';
import { NewPause, PauseFilter, type Pauses, showPause, type ShownPause } from './pause.schema.js';

/** Pauses of plans and tenants, set and lifted by operators. */
@Controller('api/pauses')
export class PausesController {
  constructor(
    private readonly pauses: PausesService,
    private readonly facts: PauseFactsReader,
    private readonly customers: CustomersReader,
  ) {}

  @Get()
  async list(@Query({ schema: PauseFilter }) { cursor, limit }: PauseFilter): Promise<Pauses> {
    const page = await this.pauses.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    const facts = await this.facts.read(page.pauses.map(({ id }) => id));
    const pauses = page.pauses.map((pause) => ({
      ...showPause(pause),
      ...(facts.get(pause.id) ?? { heldRuns: 0, customer: null }),
    }));
    return { ...page, pauses, plans: PLAN_NAMES };
  }

  @Post()
  @HttpCode(201)
  async create(
    @Body({ schema: NewPause }) { plan, tenantHost, reason }: NewPause,
    @CurrentCaller() { actor }: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShownPause> {
    if (tenantHost !== undefined) await this.#assertKnown(tenantHost);
    const target = tenantHost === undefined ? { plan: plan! } : { tenantHost };
    const { pause, isNew } = await this.pauses.set({
      ...target,
      reason,
      actor,
      requestId: request.id,
    });
    if (!isNew) reply.status(200);
    return showPause(pause);
  }

  @Delete(':id')
  @HttpCode(204)
  async lift(
    @Param('id', new IdPipe('pause')) id: string,
    @CurrentCaller() { actor }: Caller,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.pauses.lift(id, { actor, requestId: request.id });
  }

  /** A host that was mistyped would pause nothing, and look as if it did. */
  async #assertKnown(tenantHost: string): Promise<void> {
    const { customers } = await this.customers.list({ tenantHost, limit: 100 });
    if (customers.some(({ state }) => state !== 'offboarded')) return;
    throw new DomainError(
      'invalid',
      'TENANT_UNKNOWN',
      `No customer has the tenant "${tenantHost}". Copy the host from the customer's page.`,
      { fields: [{ pointer: '/tenantHost', message: 'is the tenant of no customer' }] },
    );
  }
}
