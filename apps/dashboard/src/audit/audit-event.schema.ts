import { auditActions, type ListedAuditEvent } from '@app/audit';
import { z } from 'zod';

/** Which audit events to list. */
export const AuditEventFilter = z.strictObject({
  customerId: z.uuid().optional(),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export type AuditEventFilter = z.output<typeof AuditEventFilter>;

/** An audit event as it is shown. */
export type ShownAuditEvent = ReturnType<typeof showAuditEvent>;

/** The event as it is shown, with the sentence that its action stands for. */
export function showAuditEvent({
  id,
  sequence,
  occurredAt,
  action,
  actor,
  subject,
  data,
  requestId,
}: ListedAuditEvent) {
  const meaning: string = auditActions[action];
  return { id, sequence, occurredAt: occurredAt.toISOString(), action, meaning, actor, subject, data, requestId };
}
