import { Module } from '@nestjs/common';
import { Announcements } from './announcements.js';
import { AuditChecks } from './audit-checks.js';
import { AuditExport } from './audit-export.js';
import { AuditTrail } from './audit-trail.js';
import { AuditVerification } from './audit-verification.js';

const services = [AuditTrail, AuditVerification, AuditChecks, AuditExport, Announcements];

/** The audit trail, its verification, its export and its outbox; needs the process's `DatabaseModule`. */
@Module({ providers: services, exports: services })
export class AuditModule {}
