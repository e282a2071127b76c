import type { Sql } from '@app/platform';
import type { RotationDefaults } from './rotation-policy.config.js';
import { policyOf, type RotationPolicy, RotationUnreadable } from './rotation-policy.js';
import { nextRotationAt } from './rotation-schedule.js';

/** Keeps the date of each customer's next rotation. */
export class RotationCalendar {
  constructor(
    private readonly defaults: RotationDefaults,
    private readonly random: () => number = Math.random,
  ) {}

  /** Sets the date after a secret became current at `now`; `rotation` is the customer's, as stored. For one that cannot be read the defaults hold: the rotation that begins then says so. */
  async schedule(tx: Sql, customerId: string, rotation: unknown, now: Date): Promise<void> {
    const at = nextRotationAt(this.#policyOf(rotation), now, this.random);
    await tx.$executeRaw`
      UPDATE customers SET next_rotation_at = ${at.toISOString()}::timestamptz WHERE id = ${customerId}::uuid`;
  }

  #policyOf(rotation: unknown): RotationPolicy {
    try {
      return policyOf(rotation, this.defaults);
    } catch (error) {
      if (error instanceof RotationUnreadable) return policyOf(null, this.defaults);
      throw error;
    }
  }
}
