import { Injectable } from '@nestjs/common';
import type { Plan, RunEvent, Step } from '@app/runs';
import { explainFailure } from '../explain-failure.js';
import { GetParentTokenStep } from './get-parent-token.step.js';
import { ListOneClientStep } from './list-one-client.step.js';

/** Whether we may enter a tenant that nobody is signed up for yet. It makes nothing there, so that there is nothing to take back. */
@Injectable()
export class PreflightPlan implements Plan<null> {
  readonly name = 'preflight';
  readonly withoutCustomer = true;
  readonly steps: readonly Step<unknown, null>[];
  readonly explain = explainFailure;

  constructor(getParentToken: GetParentTokenStep, listOneClient: ListOneClientStep) {
    this.steps = [getParentToken, listOneClient];
  }

  onEnd(): Promise<RunEvent[]> {
    return Promise.resolve([]);
  }
}
