import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { nextAllowed, policyOf, RotationDefaults, RotationStart, RotationUnreadable } from '@app/customers';
import type { Run, Sql } from '@app/platform';
import { RUN_LOGGER, RunSuccession } from '@app/runs';
import type { Logger } from 'pino';
import { afterBusy, type DueCustomer, DueCustomers } from '../due-customers.js';

/** Begins the rotations that are due, outside the customers' blackout. */
@Injectable()
export class RotationSweep {
  constructor(
    private readonly dueCustomers: DueCustomers,
    private readonly rotations: RotationStart,
    private readonly succession: RunSuccession,
    private readonly defaults: RotationDefaults,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  /** Begins, or goes on with, a rotation of each customer that is due and returns how many. */
  sweep(): Promise<number> {
    return this.dueCustomers.sweep('rotation', (tx, customer) => this.#begin(tx, customer));
  }

  async #begin(tx: Sql, customer: DueCustomer): Promise<Run | Date> {
    const allowedAt = this.#nextAllowed(customer);
    if (allowedAt > customer.now) return allowedAt;
    const { id: customerId, rotation } = customer;
    // A worker that holds one of them may want the customer's row next: it is not waited for.
    const unfinished = await this.succession.findUnfinished(tx, customerId, 'rotation');
    if (unfinished === undefined) return afterBusy(customer);
    return this.rotations.beginDue(tx, unfinished, {
      ...{ customerId, rotation, actor: 'schedule', reason: 'The rotation was due.' },
      requestId: randomUUID(),
      traceparent: null,
    });
  }

  /** A policy that cannot be read begins its rotation, which then says so where people look. */
  #nextAllowed({ id: customerId, rotation, now }: DueCustomer): Date {
    try {
      return nextAllowed(policyOf(rotation, this.defaults), now);
    } catch (error) {
      if (!(error instanceof RotationUnreadable)) throw error;
      this.logger.warn({ customerId, err: error }, 'The rotation policy of a customer cannot be read.');
      return now;
    }
  }
}
