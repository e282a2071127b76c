import { Injectable } from '@nestjs/common';
import type { Sql } from '@app/platform';
import { ReconciliationPolicy } from './reconciliation-policy.js';

/** The share of the interval by which dates are spread. */
const SPREAD = 0.1;

/** Keeps the date at which each customer is compared with Qlik next. */
@Injectable()
export class ReconciliationCalendar {
  constructor(private readonly policy: ReconciliationPolicy) {}

  /** The date after `now`: an interval later, give or take a tenth; null where customers are not compared. */
  dateAfter(now: Date): Date | null {
    const { intervalMs } = this.policy;
    if (intervalMs === 0) return null;
    return new Date(now.getTime() + Math.round(intervalMs * (1 + SPREAD * (2 * Math.random() - 1))));
  }

  /** Sets the date of a customer that is compared at `now`. */
  async schedule(tx: Sql, customerId: string, now: Date): Promise<void> {
    const at = this.dateAfter(now)?.toISOString() ?? null;
    await tx.$executeRaw`
      UPDATE customers SET next_reconciliation_at = ${at}::timestamptz WHERE id = ${customerId}::uuid`;
  }
}
