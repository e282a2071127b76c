import { type AuditEntry, SYSTEM_CHAIN } from '@app/audit';

/** Who stores or deletes a parent client. */
export interface ChangedBy {
  actor: string;
  /** By default that of the request context. */
  requestId?: string;
}

/** What the audit trail says of a parent client that was stored or deleted. */
export function parentClientChanged(
  action: 'parent_client.stored' | 'parent_client.deleted',
  region: string,
  clientId: string,
  by: ChangedBy,
): AuditEntry {
  return { chain: SYSTEM_CHAIN, action, subject: { region, clientId }, ...by };
}
