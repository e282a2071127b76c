import { Injectable } from '@nestjs/common';
import type { Failure, Plan, RunEvent, Step } from '@app/runs';
import { explainFailure } from '../explain-failure.js';
import { CompareClientStep } from './compare-client.step.js';
import { RaiseDriftStep } from './raise-drift.step.js';
import { RepairClientStep } from './repair-client.step.js';

/** From a customer's client as it may be by now to one as it is wanted, or to a person who knows how it differs. */
@Injectable()
export class ReconciliationPlan implements Plan {
  readonly name = 'reconciliation';
  readonly steps: readonly Step[];

  constructor(compareClient: CompareClientStep, repairClient: RepairClientStep, raiseDrift: RaiseDriftStep) {
    this.steps = [compareClient, repairClient, raiseDrift];
  }

  /** A comparison that cannot be made fails, and is made again when the next is due: waiting for a person, it would keep the customer from every rotation. */
  explain(error: unknown): Failure | undefined {
    const failure = explainFailure(error);
    if (failure?.kind === 'retry') return { ...failure, exhausted: 'failed' };
    return failure?.kind === 'attention' ? { kind: 'retry', exhausted: 'failed', error: failure.error } : failure;
  }

  onEnd(): Promise<RunEvent[]> {
    return Promise.resolve([]);
  }
}
