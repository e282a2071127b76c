import { Injectable } from '@nestjs/common';
import { type Completed, type Intent, type RunError, type Step, StepFailure, type StepContext } from '@app/runs';
import { z } from 'zod';
import { toRunError } from '../explain-failure.js';
import { callsOf } from '../qlik-calls.js';
import { ClientComparisons, type Comparison } from './client-comparisons.js';
import { ClientRepair } from './client-repair.js';
import { CustomerCondition } from './customer-condition.js';
import { driftDetected, driftRepaired } from './drift-audit.js';
import { compareWithTold, DriftIntent, planRepair, type Repair } from './drift-decision.js';
import { driftFound } from './drift-found.js';
import { Finding, FindingKind } from './finding-kinds.js';
import { ReconciliationPolicy } from './reconciliation-policy.js';

const Output = z.object({
  /** What is again as it is wanted. */
  repaired: z.array(FindingKind),
  /** What a person must look at. */
  left: z.array(Finding),
});
type Output = z.output<typeof Output>;

/** Repairs that do not show before a person is asked to look. */
const MAX_REPAIRS = 5;

/** How a repaired client compares, and what Qlik said where it refused something. */
type Repaired = Comparison & { qlik?: RunError['qlik'] };

/** Sets at Qlik what differs and is ours to set, and reads it back. */
@Injectable()
export class RepairClientStep implements Step<Output> {
  readonly name = 'repair-client';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly comparisons: ClientComparisons,
    private readonly clientRepair: ClientRepair,
    private readonly condition: CustomerCondition,
    private readonly policy: ReconciliationPolicy,
  ) {}

  isNeeded(intent: Intent | null): boolean {
    return intent?.phase === 'drifted';
  }

  async run(context: StepContext): Promise<Completed<Output>> {
    const intent = DriftIntent.parse(context.intent);
    const before = await this.comparisons.get(context);
    const repair = planRepair(before, this.policy);
    const after = repair === null ? before : await this.#repair(context, intent, before, repair);
    const { recorded, findings, qlik }: Repaired = after;
    const first = compareWithTold(intent.told, before.findings);
    const { detected, repaired } = compareWithTold([...intent.told, ...first.detected], findings);
    return {
      output: { repaired, left: [...findings] },
      intent: findings.length === 0 ? null : { phase: 'raised', told: findings, qlik },
      commit: async (tx) => [
        ...driftDetected(recorded, [...first.detected, ...detected]),
        ...driftRepaired(recorded, repaired),
        ...(await this.condition.follow(tx, context.run.customerId, findings)),
      ],
    };
  }

  /** Throws, to be tried again, while what was repaired still shows; what was just written may show a moment later. */
  async #repair(
    context: StepContext,
    { told, repairs }: z.output<typeof DriftIntent>,
    before: Comparison,
    repair: Repair,
  ): Promise<Repaired> {
    await context.commitIntent({ phase: 'drifted', told, repairs: repairs + 1 });
    const refusal = await this.clientRepair.apply(before, repair, callsOf(context));
    const after = await this.comparisons.getAnew(context);
    if (refusal !== undefined) return { ...after, qlik: toRunError(refusal).qlik };
    const stubborn = after.findings.filter(({ kind }) => repair.kinds.includes(kind));
    if (stubborn.length === 0 || repairs + 1 >= MAX_REPAIRS) return after;
    const error = driftFound(before.recorded.clientId, stubborn);
    throw new StepFailure({ kind: 'retry', exhausted: 'failed', error });
  }
}
