import { Module } from '@nestjs/common';
import { AuditTrail } from './audit-trail.js';
import { AuditVerification } from './audit-verification.js';

/** The audit trail and its verification; needs the process's `DatabaseModule`. */
@Module({ providers: [AuditTrail, AuditVerification], exports: [AuditTrail, AuditVerification] })
export class AuditModule {}
