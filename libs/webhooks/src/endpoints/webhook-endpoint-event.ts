import { type AuditAction, type AuditEntry, SYSTEM_CHAIN } from '@app/audit';

/** The audit event of what was done with an endpoint: by its id, and never with its URL. */
export const endpointEvent = (
  action: Extract<AuditAction, `webhook_endpoint.${string}`>,
  webhookEndpointId: string,
  actor: string,
  data: Record<string, string | number | null> = {},
): AuditEntry => ({ chain: SYSTEM_CHAIN, action, actor, subject: { webhookEndpointId }, data });
