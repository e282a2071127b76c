import { randomUUID } from 'node:crypto';
import { inputOfNext, RECONCILIATION_WALL_CLOCK_MS } from '@app/customers';
import { Injectable } from '@nestjs/common';
import type { Run, Sql } from '@app/platform';
import { hasStopped, RunsService, RunSuccession, type Takeover } from '@app/runs';
import { afterBusy, type DueCustomer, DueCustomers } from '../due-customers.js';
import { ReconciliationCalendar } from './reconciliation-calendar.js';

/** Begins the comparisons that are due. One that stopped begins anew, as the same run: people are asked once, however long they take. */
@Injectable()
export class ReconciliationSweep {
  constructor(
    private readonly dueCustomers: DueCustomers,
    private readonly runs: RunsService,
    private readonly succession: RunSuccession,
    private readonly calendar: ReconciliationCalendar,
  ) {}

  /** Begins a comparison of each customer that is due and returns how many. */
  sweep(): Promise<number> {
    return this.dueCustomers.sweep('reconciliation', (tx, customer) => this.#begin(tx, customer));
  }

  async #begin(tx: Sql, customer: DueCustomer): Promise<Run | Date> {
    const { id: customerId } = customer;
    const unfinished = await this.succession.findUnfinished(tx, customerId, 'reconciliation');
    const [run] = unfinished ?? [];
    const isOpen = run !== undefined && !hasStopped(run);
    if (unfinished === undefined || isOpen || (await this.#isBeingChanged(tx, customerId))) return afterBusy(customer);
    const by = { actor: 'schedule', reason: 'The comparison was due.', requestId: randomUUID() };
    const begun =
      run === undefined
        ? await this.runs.create(tx, {
            ...{ customerId, ...by, traceparent: null },
            plan: 'reconciliation',
            wallClockMs: RECONCILIATION_WALL_CLOCK_MS,
          })
        : await this.#beginAnew(tx, run, by);
    await this.calendar.schedule(tx, customerId, customer.now);
    return begun;
  }

  /** What the audit was told stays known, so that it is told of nothing twice, and of what is mended; so does what was asked for and is not done. */
  async #beginAnew(tx: Sql, run: Run, by: Takeover): Promise<Run> {
    await this.succession.redirect(tx, run, inputOfNext(run), by.reason);
    return this.succession.beginAnew(tx, run, by);
  }

  /** A run that stopped stays as it is, where people look for it, while another one has the customer's slot. */
  async #isBeingChanged(tx: Sql, customerId: string): Promise<boolean> {
    const holders = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM runs WHERE customer_id = ${customerId}::uuid AND holds_slot`;
    return holders.length > 0;
  }
}
