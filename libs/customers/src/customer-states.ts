import { Injectable } from '@nestjs/common';
import type { CustomerState, Sql } from '@app/platform';
import { customerNotFound } from './customer-not-found.js';

/** Which state may follow which. `offboarded` is the end: the customer's externalId and tenantHost are free again. */
export const CUSTOMER_TRANSITIONS: Readonly<Record<CustomerState, readonly CustomerState[]>> = {
  onboarding: ['ready', 'failed', 'offboarding'],
  // failed, also from degraded: its onboarding was cancelled while a lost answer was still being settled.
  ready: ['degraded', 'failed', 'offboarding'],
  degraded: ['ready', 'failed', 'offboarding'],
  failed: ['onboarding', 'offboarding'],
  offboarding: ['offboarded'],
  offboarded: [],
};

/** Throws when `to` may not follow `from`: a mistake of ours, never of a caller. */
export function assertCustomerTransition(from: CustomerState, to: CustomerState): void {
  if (!CUSTOMER_TRANSITIONS[from].includes(to)) throw new Error(`A customer cannot go from "${from}" to "${to}".`);
}

/** The states that `to` may follow. */
function statesBefore(to: CustomerState): CustomerState[] {
  const states = Object.keys(CUSTOMER_TRANSITIONS) as CustomerState[];
  return states.filter((from) => CUSTOMER_TRANSITIONS[from].includes(to));
}

/** The dates that a customer gets with a state; null for none. */
export interface CustomerDates {
  nextRotationAt: Date | null;
  nextReconciliationAt: Date | null;
}

/** Moves customers from state to state. */
@Injectable()
export class CustomerStates {
  /** Puts the customer into the state `to`, holding its row until the transaction ends; does nothing if it is there already. Sets `readyAt` the first time it is ready, and `dates` where they are given. */
  async change(tx: Sql, customerId: string, to: CustomerState, dates?: CustomerDates): Promise<void> {
    const isDated = dates !== undefined;
    // A Date would be sent without its offset, and read in the time zone of the session.
    const nextRotationAt = dates?.nextRotationAt?.toISOString() ?? null;
    const nextReconciliationAt = dates?.nextReconciliationAt?.toISOString() ?? null;
    const [former] = await tx.$queryRaw<{ state: CustomerState }[]>`
      WITH former AS MATERIALIZED (SELECT id, state FROM customers WHERE id = ${customerId}::uuid FOR UPDATE),
        changed AS (
          UPDATE customers SET state = ${to}::customer_state, updated_at = now(),
            next_rotation_at = CASE WHEN ${isDated} THEN ${nextRotationAt}::timestamptz ELSE next_rotation_at END,
            next_reconciliation_at = CASE WHEN ${isDated} THEN ${nextReconciliationAt}::timestamptz ELSE next_reconciliation_at END,
            ready_at = CASE WHEN ${to}::text = 'ready' THEN coalesce(ready_at, now()) ELSE ready_at END
          FROM former WHERE customers.id = former.id AND former.state = ANY(${statesBefore(to)}::customer_state[])
        )
      SELECT state::text AS state FROM former`;
    if (former === undefined) throw customerNotFound(customerId);
    if (former.state !== to) assertCustomerTransition(former.state, to);
  }
}
