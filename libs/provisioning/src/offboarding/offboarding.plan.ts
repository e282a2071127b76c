import { Injectable } from '@nestjs/common';
import type { Plan, RunEvent, Step } from '@app/runs';
import { explainFailure } from '../explain-failure.js';
import { DeleteClientsStep } from './delete-clients.step.js';
import { ForgetCustomerStep } from './forget-customer.step.js';

/** From a customer, however its other runs left it, to one of which Qlik has no client of ours and nobody has a secret. */
@Injectable()
export class OffboardingPlan implements Plan {
  readonly name = 'offboarding';
  readonly steps: readonly Step[];
  readonly explain = explainFailure;

  constructor(deleteClients: DeleteClientsStep, forgetCustomer: ForgetCustomerStep) {
    this.steps = [deleteClients, forgetCustomer];
  }

  /** One that stopped leaves the customer as it is: offboarding, until a person has it go on. */
  onEnd(): Promise<RunEvent[]> {
    return Promise.resolve([]);
  }
}
