import type { Sql } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { announcedFacts, type AnnouncementType } from './announced-actions.js';
import type { AuditAction } from './audit-actions.js';

/** Something that happened and that the outside is to hear of. */
export interface Announcement {
  /** The id of the audit event. */
  eventId: string;
  type: AnnouncementType;
  occurredAt: Date;
  /** Ids of what it happened to, and the few facts that are told with them: never a secret, a name or metadata. */
  data: Record<string, unknown>;
}

/** The outbox between the audit trail and those who tell the outside. */
@Injectable()
export class Announcements {
  /** Takes up to `limit` announcements out, oldest first, within the caller's transaction; what another transaction is taking is left to it. */
  async take(tx: Sql, limit: number): Promise<Announcement[]> {
    const rows = await tx.$queryRaw<
      (Omit<Announcement, 'data'> & { action: AuditAction; subject: object; facts: Record<string, unknown> })[]
    >`
      WITH taken AS (
        DELETE FROM announcements WHERE audit_event_id IN (
          SELECT audit_event_id FROM announcements ORDER BY audit_event_id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING audit_event_id, type)
      SELECT event.id AS "eventId", taken.type, event.occurred_at AS "occurredAt", event.action, event.subject, event.data AS facts
      FROM taken JOIN audit_events event ON event.id = taken.audit_event_id ORDER BY event.id`;
    return rows.map(({ action, subject, facts, ...announcement }) => ({
      ...announcement,
      data: { ...subject, ...announcedFacts(action, facts) },
    }));
  }
}
