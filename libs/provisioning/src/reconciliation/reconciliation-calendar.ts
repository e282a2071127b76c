import { Injectable } from '@nestjs/common';
import type { Sql } from '@app/platform';
import { ReconciliationPolicy } from './reconciliation-policy.js';

/** The share of the interval by which dates are spread. */
const SPREAD = 0.1;

/** Keeps the date at which each customer is compared with Qlik next. */
@Injectable()
export class ReconciliationCalendar {
  constructor(private readonly policy: ReconciliationPolicy) {}

  /** Sets the date: an interval from now by the database's clock, give or take a tenth; none where customers are not compared. */
  async schedule(tx: Sql, customerId: string): Promise<void> {
    const { intervalMs } = this.policy;
    const inMs = intervalMs === 0 ? null : Math.round(intervalMs * (1 + SPREAD * (2 * Math.random() - 1)));
    await tx.$executeRaw`
      UPDATE customers SET next_reconciliation_at = now() + ${inMs}::float8 * interval '1 ms' WHERE id = ${customerId}::uuid`;
  }
}
