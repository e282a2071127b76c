import { type AuditAction, auditActions, type AuditChecks, type ListedAuditEvent } from '@app/audit';
import { z } from 'zod';
import { cursor, id, instant, limit, moment, text } from '../schemas/text.schema.js';

const action = z.enum(Object.keys(auditActions) as [AuditAction, ...AuditAction[]]);
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** An audit event as it is shown. */
export const AuditEvent = z
  .object({
    id,
    chain: z.string().meta({ description: "The customer's id, or `system`." }),
    sequence: z.int().meta({ description: 'The place in the chain, from 1.' }),
    occurredAt: instant,
    action,
    actor: z.string(),
    subject: z.record(z.string(), z.string()).meta({ description: 'Ids of what it happened to, never names.' }),
    data: z.record(z.string(), value),
    requestId: z.string().nullable(),
    previousHash: z.string(),
    hash: z.string().meta({ description: 'Binds the event to the one before it.' }),
  })
  .meta({ id: 'AuditEvent' });

/** A page of audit events. */
export const AuditEventPage = z
  .object({ events: z.array(AuditEvent), nextCursor: z.string().optional() })
  .meta({ id: 'AuditEventPage', description: 'Newest first; `nextCursor` is absent on the last page.' });

/** Which audit events to list. */
export const AuditEventFilter = z.strictObject({
  chain: z.union([z.literal('system'), id]).optional(),
  customerId: id.optional(),
  action: action.optional(),
  actor: text(200).optional(),
  from: moment.optional().meta({ description: 'Events at or after this instant.' }),
  to: moment.optional().meta({ description: 'Events before this instant.' }),
  cursor: cursor.optional(),
  limit: limit(500),
});
export type AuditEventFilter = z.output<typeof AuditEventFilter>;

/** Which audit events to export. */
export const AuditExportFilter = AuditEventFilter.omit({ cursor: true, limit: true });
export type AuditExportFilter = z.output<typeof AuditExportFilter>;

/** The filter with its instants as dates. */
export function withDates<Filter extends AuditExportFilter>({ from, to, ...filter }: Filter) {
  return {
    ...filter,
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  };
}

/** Which chain to verify; with none, the last check of all is meant. */
export const VerificationFilter = z
  .strictObject({
    customerId: id.optional().meta({ description: 'Verify the chain of this customer now.' }),
    chain: z
      .literal('system')
      .optional()
      .meta({ description: 'Verify the chain of everything that is no customer’s now.' }),
  })
  .refine(({ customerId, chain }) => customerId === undefined || chain === undefined, {
    error: 'must have at most one of customerId and chain',
  });
export type VerificationFilter = z.output<typeof VerificationFilter>;

/** What the verification of a chain found. */
export const ChainVerdict = z
  .object({
    chain: z.string(),
    intact: z.boolean(),
    events: z.int().meta({ description: 'Events that are intact, from the first on.' }),
    firstBroken: z.object({ sequence: z.int(), eventId: z.string().optional(), reason: z.string() }).optional(),
  })
  .meta({ id: 'ChainVerdict' });

/** What the last check of every chain found. */
export const AuditCheck = z
  .object({
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    intact: z.boolean().nullable(),
    chains: z.int(),
    events: z.int().meta({ description: 'Events that are intact.' }),
    brokenChains: z.int(),
    broken: z.array(ChainVerdict).meta({ description: 'Of many broken chains the first hundred.' }),
    underWaySince: instant.nullable().meta({ description: 'When the check began that is under way.' }),
  })
  .meta({
    id: 'AuditCheck',
    description:
      'The last complete check of every chain; `finishedAt`, `startedAt` and `intact` are null before the first.',
  });

/** The check as it is shown. */
export function showAuditCheck({
  last,
  underWaySince,
}: Awaited<ReturnType<AuditChecks['findLast']>>): z.output<typeof AuditCheck> {
  return {
    startedAt: last?.startedAt.toISOString() ?? null,
    finishedAt: last?.finishedAt.toISOString() ?? null,
    intact: last === undefined ? null : last.brokenChains === 0,
    chains: last?.chains ?? 0,
    events: last?.events ?? 0,
    brokenChains: last?.brokenChains ?? 0,
    broken: last?.broken ?? [],
    underWaySince: underWaySince?.toISOString() ?? null,
  };
}

/** The event as it is shown. */
export function showAuditEvent(event: ListedAuditEvent): z.output<typeof AuditEvent> {
  const { id, chain, sequence, action, actor, subject, data, requestId, previousHash, hash } = event;
  const occurredAt = event.occurredAt.toISOString();
  return { id, chain, sequence, occurredAt, action, actor, subject, data, requestId, previousHash, hash };
}
