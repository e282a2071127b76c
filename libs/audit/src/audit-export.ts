import { Database, Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { AuditQuery, ListedAuditEvent } from './audit-trail.js';

/** Which events to export: every member given must match. */
export type AuditExportQuery = Omit<AuditQuery, 'cursor' | 'limit'>;

/** Some lines of an export, each ended by a newline. */
export interface AuditExportPart {
  lines: string;
  events: number;
}

/** Events that are in memory at once. */
const PAGE_SIZE = 500;

/** The audit trail as text, to be kept and verified elsewhere. */
@Injectable()
export class AuditExport {
  constructor(private readonly database: Database) {}

  /**
   * One event per line as JSON, chain by chain in the order of their names, each in its own order: everything its hash covers, and the hash.
   * Read page by page as it is asked for, each a statement of its own: events that are appended meanwhile may be in it, and no chain has a gap.
   */
  async *read(query: AuditExportQuery): AsyncGenerator<AuditExportPart> {
    for (let last: ListedAuditEvent | undefined; ;) {
      const page = await this.#readPage(query, last);
      if (page.length > 0) yield { lines: page.map(toLine).join(''), events: page.length };
      if (page.length < PAGE_SIZE) return;
      last = page.at(-1);
    }
  }

  #readPage(query: AuditExportQuery, last: ListedAuditEvent | undefined): Promise<ListedAuditEvent[]> {
    const { chain, customerId, action, actor, from, to } = query;
    const conditions = [
      Prisma.sql`(chain, sequence) > (${last?.chain ?? ''}, ${last?.sequence ?? 0}::int)`,
      ...(chain === undefined ? [] : [Prisma.sql`chain = ${chain}`]),
      ...(customerId === undefined ? [] : [Prisma.sql`chain = ${customerId}`]),
      ...(action === undefined ? [] : [Prisma.sql`action = ${action}`]),
      ...(actor === undefined ? [] : [Prisma.sql`actor = ${actor}`]),
      ...(from === undefined ? [] : [Prisma.sql`occurred_at >= ${from.toISOString()}::timestamptz`]),
      ...(to === undefined ? [] : [Prisma.sql`occurred_at < ${to.toISOString()}::timestamptz`]),
    ];
    return this.database.sql.$queryRaw<ListedAuditEvent[]>`
      SELECT id, chain, sequence, occurred_at AS "occurredAt", action, actor, subject, data, request_id AS "requestId",
        previous_hash AS "previousHash", hash
      FROM audit_events WHERE ${Prisma.join(conditions, ' AND ')}
      ORDER BY chain, sequence LIMIT ${PAGE_SIZE}`;
  }
}

/** The two characters that JSON leaves as they are and some readers of lines take for the end of one. */
const LINE_ENDS = /[\u2028\u2029]/g;

function toLine(event: ListedAuditEvent): string {
  const json = JSON.stringify({ ...event, occurredAt: event.occurredAt.toISOString() });
  return `${json.replace(LINE_ENDS, (end) => `\\u${end.codePointAt(0)!.toString(16)}`)}\n`;
}
