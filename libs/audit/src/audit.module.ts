import { Module } from '@nestjs/common';
import { Announcements } from './announcements.js';
import { AuditTrail } from './audit-trail.js';
import { AuditVerification } from './audit-verification.js';

/** The audit trail, its verification and its outbox; needs the process's `DatabaseModule`. */
@Module({
  providers: [AuditTrail, AuditVerification, Announcements],
  exports: [AuditTrail, AuditVerification, Announcements],
})
export class AuditModule {}
