import { AuditChecks, AuditTrail, AuditVerification } from '@app/audit';
import { CustomersReader } from '@app/customers';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import {
  AuditCheck,
  AuditEventFilter,
  AuditEventPage,
  ChainVerdict,
  showAuditCheck,
  showAuditEvent,
  VerificationFilter,
  withDates,
} from './audit-event.schema.js';

/** What happened, for auditors. */
@ApiTags('Audit')
@Controller('v1/audit-events')
export class AuditEventsController {
  constructor(
    private readonly trail: AuditTrail,
    private readonly verification: AuditVerification,
    private readonly checks: AuditChecks,
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
  async list(@Query({ schema: AuditEventFilter }) filter: AuditEventFilter): Promise<z.output<typeof AuditEventPage>> {
    const page = await this.trail.list(withDates(filter));
    return { ...page, events: page.events.map(showAuditEvent) };
  }

  @Get('verification')
  @RequiresScope('audit:read')
  @Operation({
    id: 'verifyAuditChain',
    summary: 'Verify an audit chain, or read the last check of all',
    description:
      'With `customerId` or `chain` that chain is recomputed now, from its first event on. With neither: what the workers found when they last verified every chain.',
    status: 200,
    schema: z.union([ChainVerdict, AuditCheck]),
    answers: 'What was found.',
    problems: ['REQUEST_INVALID', 'CUSTOMER_NOT_FOUND'],
  })
  async verify(
    @Query({ schema: VerificationFilter }) { customerId, chain }: VerificationFilter,
  ): Promise<z.output<typeof ChainVerdict> | z.output<typeof AuditCheck>> {
    if (chain !== undefined) return this.verification.verify(chain);
    if (customerId === undefined) return showAuditCheck(await this.checks.findLast());
    const { id } = await this.customers.get(customerId);
    return this.verification.verify(id);
  }
}
