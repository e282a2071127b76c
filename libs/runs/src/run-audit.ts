import { type AuditEntry, SYSTEM_CHAIN } from '@app/audit';

/** Where the audit tells of a run, and of whom: in the chain of its customer, or in `system` if it has none. */
export function auditedAs({
  id: runId,
  customerId,
}: {
  id: string;
  customerId: string | null;
}): Pick<AuditEntry, 'chain' | 'subject'> {
  return customerId === null
    ? { chain: SYSTEM_CHAIN, subject: { runId } }
    : { chain: customerId, subject: { customerId, runId } };
}
