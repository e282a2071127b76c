import { Injectable } from '@nestjs/common';
import { CustomerStates } from '@app/customers';
import type { CustomerState, Sql } from '@app/platform';
import type { RunEvent } from '@app/runs';
import { type Finding, isFatal } from './finding-kinds.js';

/** Lets a customer's state follow what a comparison found. */
@Injectable()
export class CustomerCondition {
  constructor(private readonly customerStates: CustomerStates) {}

  /** Writes the state that follows from `findings`, if it is another, and returns what is to be audited with it. */
  async follow(tx: Sql, customerId: string, findings: readonly Finding[]): Promise<RunEvent[]> {
    const [customer] = await tx.$queryRaw<{ state: CustomerState }[]>`
      SELECT state::text AS state FROM customers WHERE id = ${customerId}::uuid`;
    const to = customer && stateAfterComparison(customer.state, findings);
    if (to === undefined) return [];
    await this.customerStates.change(tx, customerId, to);
    return [{ action: `customer.${to}`, data: { code: findings.find(isFatal)?.kind ?? null } }];
  }
}

/** The state that a comparison means for a customer in `state`; undefined for the same. One whose credential cannot work is degraded, and ready again once nothing differs. Pure. */
export function stateAfterComparison(
  state: CustomerState,
  findings: readonly Finding[],
): 'ready' | 'degraded' | undefined {
  if (state === 'ready' && findings.some(isFatal)) return 'degraded';
  return state === 'degraded' && findings.length === 0 ? 'ready' : undefined;
}
