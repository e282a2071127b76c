import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { Database, type Run } from '@app/platform';
import { RunsService } from '@app/runs';
import { CustomersService, type RequestTrace } from '../customers.service.js';
import type { Caller, NewCustomer } from '../new-customer.js';
import type { PreflightInput } from './preflight-input.js';

/** How long a preflight may take before it gives up: somebody waits for its answer. */
const PREFLIGHT_WALL_CLOCK_MS = 3_600_000;

/** Says what would become of a sign-up. Makes no customer and reserves neither externalId nor tenantHost. */
@Injectable()
export class DryRunsService {
  constructor(
    private readonly database: Database,
    private readonly customers: CustomersService,
    private readonly runs: RunsService,
    private readonly audit: AuditTrail,
  ) {}

  /** Writes nothing. Throws EXTERNAL_ID_TAKEN, TENANT_HOST_TAKEN or CLIENT_TAKEN where accepting the customer would. */
  async judge(input: NewCustomer): Promise<void> {
    await this.customers.refuseTaken(input);
  }

  /** The same, and then a run that tries to enter the tenant. Any number of them may go on for one tenant. */
  async tryTenant(input: NewCustomer, caller: Caller, trace: RequestTrace): Promise<Run> {
    await this.judge(input);
    const { tenantHost } = input;
    const run = await this.database.sqlTransaction(async (tx) => {
      const created = await this.runs.create(tx, {
        customerId: null,
        plan: 'preflight',
        input: { tenantHost } satisfies PreflightInput,
        wallClockMs: PREFLIGHT_WALL_CLOCK_MS,
        actor: caller.actor,
        ...trace,
      });
      await this.audit.append(tx, {
        chain: SYSTEM_CHAIN,
        action: 'preflight.requested',
        actor: caller.actor,
        subject: { runId: created.id },
        data: { tenantHostSha256: createHash('sha256').update(tenantHost).digest('hex') },
        requestId: trace.requestId,
      });
      return created;
    });
    this.runs.wake(run);
    return run;
  }
}
