import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@app/audit';
import { Database, DomainError, findSqlState, type Run, type Sql } from '@app/platform';
import { RunsService } from '@app/runs';
import { customerBusy } from '../customer-busy.js';
import { CustomerHold, type CustomerRow, type HeldCustomer } from '../customer-hold.js';
import { assertNotOffboarded, USABLE_STATES } from '../customer-usable.js';
import type { RequestTrace } from '../customers.service.js';
import type { Caller } from '../new-customer.js';
import { findAtWork, ReconciliationStart } from '../reconciliation/reconciliation-start.js';
import { ChangedOnboarding } from './changed-onboarding.js';
import { ChangedRotation } from './changed-rotation.js';
import { changedFields, clientFieldsOf, type CustomerChanges, type CustomerField } from './customer-changes.js';
import { CustomerChangesRepository } from './customer-changes.repository.js';

const UNIQUE_VIOLATION = '23505';

/** Changes what is wanted for customers, and begins what brings Qlik in line with it. */
@Injectable()
export class CustomerChangesService {
  constructor(
    private readonly database: Database,
    private readonly hold: CustomerHold,
    private readonly repository: CustomerChangesRepository,
    private readonly reconciliations: ReconciliationStart,
    private readonly onboardings: ChangedOnboarding,
    private readonly rotations: ChangedRotation,
    private readonly runs: RunsService,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Changes the customer and returns the run that carries it out: a comparison with Qlik or, of a customer that was never ready, its onboarding.
   * Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED, CUSTOMER_BUSY, TENANT_HOST_FIXED or TENANT_HOST_TAKEN.
   */
  async change(customerId: string, changes: CustomerChanges, caller: Caller, trace: RequestTrace): Promise<Run> {
    const { run, woken } = await this.database
      .sqlTransaction(async (tx) => this.#change(tx, await this.hold.take(tx, customerId), changes, caller, trace))
      .catch(async (error: unknown) => {
        if (findSqlState(error) !== UNIQUE_VIOLATION || changes.tenantHost === undefined) throw error;
        throw tenantHostTaken(changes.tenantHost, await this.repository.findLiveAt(changes.tenantHost));
      });
    // Another wake-up than one that may just have found the run held by this request.
    for (const { id, fence, requestId, traceparent } of woken)
      this.runs.wake({ id, fence, requestId, traceparent, again: Date.now() });
    return run;
  }

  async #change(
    tx: Sql,
    { customer, unfinished }: HeldCustomer,
    changes: CustomerChanges,
    caller: Caller,
    trace: RequestTrace,
  ): Promise<{ run: Run; woken: Run[] }> {
    const customerId = customer.id;
    assertNotOffboarded(customerId, customer.state);
    const fields = changedFields(customer, changes);
    await this.#refuse(tx, customer, unfinished, fields);
    const by = { actor: caller.actor, ...trace, reason: `Changed: ${fields.join(', ') || 'nothing'}.` };
    await this.repository.update(tx, customerId, changes, fields);
    const woken = fields.includes('rotation')
      ? await this.rotations.follow(tx, { customer, unfinished }, changes.rotation ?? null, by)
      : [];
    const run = USABLE_STATES.includes(customer.state)
      ? await this.reconciliations.begin(tx, unfinished, { customerId, changed: clientFieldsOf(fields), ...by })
      : await this.onboardings.follow(tx, customerId, unfinished, fields, by.reason);
    if (fields.length > 0)
      await this.audit.append(tx, {
        chain: customerId,
        action: 'customer.changed',
        actor: caller.actor,
        subject: { customerId, runId: run.id },
        data: { fields: fields.join(',') },
        requestId: trace.requestId,
      });
    return { run, woken: run.state === 'queued' ? [...woken, run] : woken };
  }

  async #refuse(
    tx: Sql,
    { id: customerId }: CustomerRow,
    unfinished: readonly Run[],
    fields: readonly CustomerField[],
  ): Promise<void> {
    const isForQlik = clientFieldsOf(fields).length > 0 || fields.includes('tenantHost');
    const atWork = isForQlik ? findAtWork(unfinished) : undefined;
    if (atWork !== undefined) throw customerBusy(atWork, 'what it may have set at Qlik cannot be changed');
    if (!fields.includes('tenantHost')) return;
    if (await this.repository.mayHaveClient(tx, customerId)) throw tenantHostFixed(customerId);
  }
}

const tenantHostFixed = (customerId: string): DomainError =>
  new DomainError(
    'conflict',
    'TENANT_HOST_FIXED',
    `The customer "${customerId}" has, or may have, an OAuth client in its tenant, so that its tenantHost can no longer change. Cancel its onboarding, or offboard the customer and sign it up anew.`,
    { fields: [{ pointer: '/tenantHost', message: 'can no longer change' }] },
  );

const tenantHostTaken = (tenantHost: string, holderId: string | undefined): DomainError =>
  new DomainError(
    'conflict',
    'TENANT_HOST_TAKEN',
    `The tenantHost "${tenantHost}" belongs to ${holderId === undefined ? 'another customer' : `the customer "${holderId}"`}. Read that customer, or use another tenantHost.`,
    {
      facts: holderId === undefined ? {} : { customerId: holderId },
      fields: [{ pointer: '/tenantHost', message: 'is taken by a live customer' }],
    },
  );
