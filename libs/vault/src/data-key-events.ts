import { type AuditEntry, SYSTEM_CHAIN } from '@app/audit';
import type { DataKeyContext } from './key-provider.js';

/** What the audit trail says of a data key that was made. */
export function dataKeyCreated(context: DataKeyContext, keyEncryptionKeyId: string): AuditEntry {
  return { ...about(context), action: 'data_key.created', actor: 'system', data: { keyEncryptionKeyId } };
}

/** What the audit trail says of a data key that another key-encryption key wraps from now on. */
export function dataKeyRewrapped(context: DataKeyContext, actor: string, from: string, to: string): AuditEntry {
  const data = { keyEncryptionKeyId: to, previousKeyEncryptionKeyId: from };
  return { ...about(context), action: 'data_key.rewrapped', actor, data };
}

/** What the audit trail says of a data key that was destroyed. */
export function dataKeyDestroyed(context: DataKeyContext): AuditEntry {
  return { ...about(context), action: 'data_key.destroyed', actor: 'system' };
}

function about({ dataKeyId, owner }: DataKeyContext): Pick<AuditEntry, 'chain' | 'subject'> {
  return {
    chain: owner.kind === 'customer' ? owner.id : SYSTEM_CHAIN,
    subject: { dataKeyId, [`${owner.kind}Id`]: owner.id },
  };
}
