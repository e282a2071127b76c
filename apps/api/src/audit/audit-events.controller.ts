import { AuditTrail, AuditVerification, SYSTEM_CHAIN } from '@app/audit';
import { CustomersReader } from '@app/customers';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import {
  AuditEventFilter,
  AuditEventPage,
  ChainVerdict,
  showAuditEvent,
  VerificationFilter,
} from './audit-event.schema.js';

/** What happened, for auditors. */
@ApiTags('Audit')
@Controller('v1/audit-events')
export class AuditEventsController {
  constructor(
    private readonly trail: AuditTrail,
    private readonly verification: AuditVerification,
    private readonly customers: CustomersReader,
  ) {}

  @Get()
  @RequiresScope('audit:read')
  @Operation({
    id: 'listAuditEvents',
    summary: 'List audit events',
    status: 200,
    schema: AuditEventPage,
    answers: 'A page, newest first.',
    problems: ['REQUEST_INVALID'],
  })
  async list(
    @Query({ schema: AuditEventFilter }) { from, to, ...filter }: AuditEventFilter,
  ): Promise<z.output<typeof AuditEventPage>> {
    const page = await this.trail.list({
      ...filter,
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(to === undefined ? {} : { to: new Date(to) }),
    });
    return { ...page, events: page.events.map(showAuditEvent) };
  }

  @Get('verification')
  @RequiresScope('audit:read')
  @Operation({
    id: 'verifyAuditChain',
    summary: 'Verify an audit chain',
    description: 'Recomputes the chain of a customer, or the chain `system`, from its first event on.',
    status: 200,
    schema: ChainVerdict,
    answers: 'What was found.',
    problems: ['REQUEST_INVALID', 'CUSTOMER_NOT_FOUND'],
  })
  async verify(
    @Query({ schema: VerificationFilter }) { customerId }: VerificationFilter,
  ): Promise<z.output<typeof ChainVerdict>> {
    if (customerId === undefined) return this.verification.verify(SYSTEM_CHAIN);
    const { id } = await this.customers.get(customerId);
    return this.verification.verify(id);
  }
}
