import { Injectable } from '@nestjs/common';
import type { Run, Sql } from '@app/platform';
import { hasStopped, type Takeover } from '@app/runs';
import type { HeldCustomer } from '../customer-hold.js';
import { RotationCalendar } from '../rotation/rotation-calendar.js';
import { RotationStart } from '../rotation/rotation-start.js';
import { isInGrace } from '../rotation/rotation-steps.js';

/** What another rotation policy means for the dates of a customer, and for a rotation that waits by them. */
@Injectable()
export class ChangedRotation {
  constructor(
    private readonly calendar: RotationCalendar,
    private readonly rotations: RotationStart,
  ) {}

  /** Dates the next rotation anew by the policy as it is stored already, counted from when the current secret became so, and returns what waited in its grace, to be woken after the commit. A date that a rotation which stopped was given stays. */
  async follow(tx: Sql, { customer, unfinished }: HeldCustomer, rotation: unknown, by: Takeover): Promise<Run[]> {
    const runs = unfinished.filter(({ plan }) => plan === 'rotation');
    const [current] = await tx.$queryRaw<{ promotedAt: Date | null }[]>`
      SELECT promoted_at AS "promotedAt" FROM secret_versions WHERE customer_id = ${customer.id}::uuid AND state = 'current'`;
    if (customer.nextRotationAt !== null && current?.promotedAt != null && !runs.some(hasStopped))
      await this.calendar.schedule(tx, customer.id, current.promotedAt);
    const waiting = runs.find((run) => isInGrace(run.step) && !hasStopped(run));
    return waiting === undefined ? [] : [await this.rotations.goOn(tx, waiting, rotation, by)];
  }
}
