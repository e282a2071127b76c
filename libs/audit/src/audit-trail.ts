import { currentRequestContext, Database, DomainError, type Sql } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7, validate } from 'uuid';
import { announcementOf } from './announced-actions.js';
import type { AuditAction } from './audit-actions.js';
import { type AuditEntry, checkEntry } from './audit-entry.js';
import { GENESIS_HASH, hashEvent } from './audit-hash.js';

/** Which events to list: every member given must match. */
export interface AuditQuery {
  chain?: string;
  /** The same as `chain`, for a customer. */
  customerId?: string;
  action?: AuditAction;
  actor?: string;
  /** Events at or after this instant. */
  from?: Date;
  /** Events before this instant. */
  to?: Date;
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** Events on a page: 1 to 1,000. */
  limit: number;
}

/** An event as it is shown to auditors. */
export interface ListedAuditEvent {
  id: string;
  chain: string;
  sequence: number;
  occurredAt: Date;
  action: AuditAction;
  actor: string;
  subject: Record<string, string>;
  data: Record<string, string | number | boolean | null>;
  requestId: string | null;
  previousHash: string;
  hash: string;
}

/** Newest first. `nextCursor` is absent on the last page. */
export interface AuditPage {
  events: ListedAuditEvent[];
  nextCursor?: string;
}

/** What happened: append-only chains of events, each bound to the one before by its hash. */
@Injectable()
export class AuditTrail {
  constructor(private readonly database: Database) {}

  /**
   * Adds events of one chain within the caller's transaction: they are there if and only if the change they record is.
   * The chain stays locked until that transaction ends, so append last; with two chains, the customer's before `system`.
   * What is to be announced (`announcedActions`) is put into the outbox with them. Throws `AUDIT_ENTRY_INVALID` before the database is touched.
   */
  async append(tx: Sql, ...entries: [AuditEntry, ...AuditEntry[]]): Promise<void> {
    const { chain } = entries[0];
    const checked = entries.map((entry) => {
      const requestId = entry.requestId ?? currentRequestContext()?.requestId ?? null;
      checkEntry(requestId === null ? entry : { ...entry, requestId });
      if (entry.chain !== chain) throw new RangeError('Events are appended to one chain at a time.');
      return { ...entry, requestId };
    });
    // RETURNING is evaluated once the row is locked, so that times rise along a chain. Milliseconds are what a Date keeps.
    const [head] = await tx.$queryRaw<{ sequence: number; hash: string; now: number }[]>`
      INSERT INTO audit_chains (chain, sequence, hash) VALUES (${chain}, 0, ${GENESIS_HASH})
      ON CONFLICT (chain) DO UPDATE SET sequence = audit_chains.sequence
      RETURNING sequence, hash, floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`;
    if (head === undefined) throw new Error(`The head of the audit chain "${chain}" was not returned.`);
    const occurredAt = new Date(head.now);
    let { sequence, hash } = head;
    const rows = checked.map((entry) => {
      const { action, actor, subject, data = {}, requestId } = entry;
      const event = {
        previousHash: hash,
        chain,
        sequence: ++sequence,
        id: v7(),
        occurredAt,
        action,
        actor,
        subject,
        data,
        requestId,
      };
      hash = hashEvent(event);
      return { ...event, hash, announcedAs: announcementOf(entry, entries) };
    });
    await tx.$executeRaw`
      WITH head AS (UPDATE audit_chains SET sequence = ${sequence}, hash = ${hash} WHERE chain = ${chain}),
        event AS (
          SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS event (id uuid, chain text, sequence int,
            "occurredAt" timestamptz, action text, actor text, subject jsonb, data jsonb, "requestId" text,
            "previousHash" text, hash text, "announcedAs" text)),
        outbox AS (
          INSERT INTO announcements (audit_event_id, type)
          SELECT id, "announcedAs" FROM event WHERE "announcedAs" IS NOT NULL)
      INSERT INTO audit_events
        (id, chain, sequence, occurred_at, action, actor, subject, data, request_id, previous_hash, hash)
      SELECT id, chain, sequence, "occurredAt", action, actor, subject, data, "requestId", "previousHash", hash
      FROM event`;
  }

  /** A page of events, newest first. Throws `CURSOR_INVALID` for a cursor that no page gave. */
  async list(query: AuditQuery): Promise<AuditPage> {
    if (query.cursor !== undefined && !validate(query.cursor)) {
      throw new DomainError(
        'invalid',
        'CURSOR_INVALID',
        'The cursor is not one of ours: begin again without it, or send the nextCursor of the page before unchanged.',
      );
    }
    const limit = Math.min(Math.max(1, Math.trunc(query.limit)), 1000);
    const rows = await this.database.client.auditEvent.findMany({
      where: {
        AND: [{ chain: query.chain }, { chain: query.customerId }],
        action: query.action,
        actor: query.actor,
        occurredAt: { gte: query.from, lt: query.to },
        id: { lt: query.cursor },
      },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const events = rows.slice(0, limit) as ListedAuditEvent[];
    const nextCursor = rows.length > limit ? events.at(-1)?.id : undefined;
    return nextCursor === undefined ? { events } : { events, nextCursor };
  }
}
