import { Injectable } from '@nestjs/common';
import { type Completed, type Intent, needsAttention, type Step, type StepContext } from '@app/runs';
import { z } from 'zod';
import { ClientComparisons } from './client-comparisons.js';
import { CustomerCondition } from './customer-condition.js';
import { driftRepaired } from './drift-audit.js';
import { DriftIntent } from './drift-decision.js';
import { driftFound } from './drift-found.js';
import { FindingKind, kindsOf } from './finding-kinds.js';

const Output = z.object({
  /** What is again as it is wanted. */
  repaired: z.array(FindingKind),
});
type Output = z.output<typeof Output>;

/**
 * Asks a person about what differs and is not repaired, until nothing differs any more. A step of its own: what was repaired is committed
 * before, and a rotation, which may be the very cure, need not wait for that person.
 */
@Injectable()
export class RaiseDriftStep implements Step<Output> {
  readonly name = 'raise-drift';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };
  readonly sharesCustomer = true;

  constructor(
    private readonly comparisons: ClientComparisons,
    private readonly condition: CustomerCondition,
  ) {}

  isNeeded(intent: Intent | null): boolean {
    return intent?.phase === 'raised';
  }

  async run(context: StepContext): Promise<Completed<Output>> {
    const { told, qlik } = DriftIntent.parse(context.intent);
    const { recorded, findings } = await this.comparisons.get(context);
    if (findings.length > 0) throw needsAttention(driftFound(recorded.clientId, findings, qlik));
    const repaired = kindsOf(told);
    return {
      output: { repaired },
      intent: null,
      commit: async (tx) => [
        ...driftRepaired(recorded, repaired),
        ...(await this.condition.follow(tx, context.run.customerId, findings)),
      ],
    };
  }
}
