import { Injectable } from '@nestjs/common';
import { type Customer, type Run, type Sql } from '@app/platform';
import { PLAN_NAMES, RunSuccession, UNFINISHED_STATES } from '@app/runs';
import { busyAtThisMoment } from './customer-busy.js';
import { customerNotFound } from './customer-not-found.js';

/** A customer's row, as far as a request may change it. */
export type CustomerRow = Pick<
  Customer,
  | 'id'
  | 'state'
  | 'name'
  | 'tenantHost'
  | 'redirectUris'
  | 'allowedOrigins'
  | 'scopes'
  | 'verificationUser'
  | 'rotation'
  | 'metadata'
  | 'nextRotationAt'
>;

/** A customer with its runs that are not done, all held until the transaction ends. */
export interface HeldCustomer {
  customer: CustomerRow;
  /** Of every plan, the newest of each first. */
  unfinished: readonly Run[];
}

/** Keeps a customer as it is while a request changes it. */
@Injectable()
export class CustomerHold {
  constructor(private readonly succession: RunSuccession) {}

  /**
   * Holds the customer's runs and then its row, which is the order in which workers take them. Until the transaction ends no run of it begins,
   * goes on or is retried. Throws CUSTOMER_NOT_FOUND, or CUSTOMER_BUSY when a run began at this very moment.
   */
  async take(tx: Sql, customerId: string): Promise<HeldCustomer> {
    const unfinished: Run[] = [];
    for (const plan of PLAN_NAMES) unfinished.push(...(await this.succession.listUnfinished(tx, customerId, plan)));
    const [customer] = await tx.$queryRaw<CustomerRow[]>`
      SELECT id, state::text AS state, name, tenant_host AS "tenantHost", redirect_uris AS "redirectUris",
        allowed_origins AS "allowedOrigins", scopes, verification_user AS "verificationUser", rotation, metadata,
        next_rotation_at AS "nextRotationAt"
      FROM customers WHERE id = ${customerId}::uuid FOR UPDATE`;
    if (customer === undefined) throw customerNotFound(customerId);
    const [{ count }] = await tx.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM runs
      WHERE customer_id = ${customerId}::uuid AND state = ANY(${UNFINISHED_STATES}::run_state[])`;
    // Whoever retries a run that had ended holds the customer's row, not a lock of its plan.
    if (count !== unfinished.length) throw busyAtThisMoment(customerId, 'runs');
    return { customer, unfinished };
  }
}
