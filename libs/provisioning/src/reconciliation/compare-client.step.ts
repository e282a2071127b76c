import { Injectable } from '@nestjs/common';
import type { Completed, Step, StepContext } from '@app/runs';
import { z } from 'zod';
import { ClientComparisons } from './client-comparisons.js';
import { CustomerCondition } from './customer-condition.js';
import { driftDetected, driftRepaired } from './drift-audit.js';
import { compareWithTold, driftIn, intentAfterComparison, ReconciliationInput } from './drift-decision.js';
import { Finding } from './finding-kinds.js';
import { ReconciliationPolicy } from './reconciliation-policy.js';

const Output = z.object({ oauthClientId: z.string(), clientId: z.string(), findings: z.array(Finding) });

/** Compares the customer's client at Qlik with what is recorded and wanted, and says what differs. */
@Injectable()
export class CompareClientStep implements Step<z.output<typeof Output>> {
  readonly name = 'compare-client';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly comparisons: ClientComparisons,
    private readonly condition: CustomerCondition,
    private readonly policy: ReconciliationPolicy,
  ) {}

  async run(context: StepContext): Promise<Completed<z.output<typeof Output>>> {
    const comparison = await this.comparisons.getAnew(context);
    const { recorded, findings } = comparison;
    const { oauthClientId, clientId } = recorded;
    const { told, changed } = ReconciliationInput.parse(context.run.input);
    const { detected, repaired } = compareWithTold(told, driftIn(findings, changed));
    return {
      output: { oauthClientId, clientId, findings: [...findings] },
      intent: intentAfterComparison(comparison, this.policy, changed),
      commit: async (tx) => [
        ...driftDetected(recorded, detected),
        ...driftRepaired(recorded, repaired),
        ...(await this.condition.follow(tx, context.run.customerId, findings)),
      ],
    };
  }
}
