import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@app/audit';
import { Database, type Run, type Sql } from '@app/platform';
import { RunsService, RunSuccession, type Takeover } from '@app/runs';
import { v7 as uuidv7 } from 'uuid';
import { customerBusy } from '../customer-busy.js';
import { CustomerHold, type HeldCustomer } from '../customer-hold.js';
import { CustomerStates } from '../customer-states.js';
import { assertNotOffboarded } from '../customer-usable.js';
import type { RequestTrace } from '../customers.service.js';
import type { Caller } from '../new-customer.js';

/** From its beginning to giving up, in ms: three days, which outlast an outage that a person is mending. */
const WALL_CLOCK_MS = 3 * 86_400_000;

/** Begins offboardings. There is no way back: what a customer's other runs were about to do is not done any more. */
@Injectable()
export class OffboardingsService {
  constructor(
    private readonly database: Database,
    private readonly hold: CustomerHold,
    private readonly states: CustomerStates,
    private readonly runs: RunsService,
    private readonly succession: RunSuccession,
    private readonly audit: AuditTrail,
  ) {}

  /** Begins the offboarding of a customer, or returns the one that is not done. Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED, or CUSTOMER_BUSY while a worker is at a run of it. */
  async begin(
    customerId: string,
    caller: Caller,
    trace: RequestTrace,
    reason = 'The customer is to be offboarded.',
  ): Promise<Run> {
    const by = { actor: caller.actor, ...trace, reason };
    const { run, isNew } = await this.database.sqlTransaction(async (tx) =>
      this.#begin(tx, await this.hold.take(tx, customerId), by),
    );
    if (isNew) this.runs.wake(run);
    return run;
  }

  async #begin(
    tx: Sql,
    { customer, unfinished }: HeldCustomer,
    by: Takeover & RequestTrace,
  ): Promise<{ run: Run; isNew: boolean }> {
    const { id: customerId, state } = customer;
    const begun = unfinished.find(({ plan }) => plan === 'offboarding');
    if (begun !== undefined) return { run: begun, isNew: false };
    assertNotOffboarded(customerId, state);
    const running = unfinished.find((run) => run.state === 'running');
    if (running !== undefined) throw customerBusy(running, 'it cannot be offboarded');
    const id = uuidv7();
    for (const run of unfinished) await this.succession.supersede(tx, run, id, by);
    await this.states.change(tx, customerId, 'offboarding', { nextRotationAt: null, nextReconciliationAt: null });
    const { actor, requestId, traceparent, reason } = by;
    const run = await this.runs.create(tx, {
      ...{ id, customerId, actor, requestId, traceparent, reason },
      plan: 'offboarding',
      wallClockMs: WALL_CLOCK_MS,
    });
    await this.audit.append(tx, {
      chain: customerId,
      action: 'customer.offboarding',
      actor,
      subject: { customerId, runId: id },
      data: { reason, formerState: state },
      requestId,
    });
    return { run, isNew: true };
  }
}
