import type { Sql } from '@app/platform';
import type { RotationDefaults } from './rotation-policy.config.js';
import { policyOrDefaults } from './rotation-policy.js';
import { nextRotationAt } from './rotation-schedule.js';

/** Keeps the date of each customer's next rotation. */
export class RotationCalendar {
  constructor(
    private readonly defaults: RotationDefaults,
    private readonly random: () => number = Math.random,
  ) {}

  /** The date after a secret became current at `now`; `rotation` is the customer's, as stored. */
  dateAfter(now: Date, rotation: unknown): Date {
    return nextRotationAt(policyOrDefaults(rotation, this.defaults), now, this.random);
  }

  /** Sets the date after a secret became current at `now`, by the policy that the customer has now: a request may have changed it under way. */
  async schedule(tx: Sql, customerId: string, now: Date): Promise<void> {
    const [customer] = await tx.$queryRaw<{ rotation: unknown }[]>`
      SELECT rotation FROM customers WHERE id = ${customerId}::uuid FOR UPDATE`;
    const at = this.dateAfter(now, customer?.rotation ?? null);
    await tx.$executeRaw`
      UPDATE customers SET next_rotation_at = ${at.toISOString()}::timestamptz WHERE id = ${customerId}::uuid`;
  }
}
