export { type AnnouncementType } from './announced-actions.js';
export { type Announcement, Announcements } from './announcements.js';
export { type AuditAction, auditActions } from './audit-actions.js';
export { type AuditEntry, SYSTEM_CHAIN } from './audit-entry.js';
export { AuditModule } from './audit.module.js';
export { type AuditPage, type AuditQuery, AuditTrail, type ListedAuditEvent } from './audit-trail.js';
export { AuditVerification, type BrokenEvent, type ChainVerdict } from './audit-verification.js';
