import type { AuditEntry } from '@app/audit';

/** What a step did, for the audit of the run's customer; who, whose and in which run is added when it is appended. */
export type RunEvent = Pick<AuditEntry, 'action' | 'data'> & Partial<Pick<AuditEntry, 'subject'>>;
