import { AuditTrail } from '@app/audit';
import { Controller, Get, Query } from '@nestjs/common';
import { AuditEventFilter, showAuditEvent, type ShownAuditEvent } from './audit-event.schema.js';

/** The audit trail, for operators to read. */
@Controller('api/audit-events')
export class AuditEventsController {
  constructor(private readonly trail: AuditTrail) {}

  @Get()
  async list(
    @Query({ schema: AuditEventFilter }) { limit, customerId, cursor }: AuditEventFilter,
  ): Promise<{ events: ShownAuditEvent[]; nextCursor?: string }> {
    const page = await this.trail.list({
      limit,
      ...(customerId === undefined ? {} : { customerId }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    return { ...page, events: page.events.map(showAuditEvent) };
  }
}
