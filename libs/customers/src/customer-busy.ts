import { DomainError, type Run } from '@app/platform';

/** `CUSTOMER_BUSY`: the run is at work for the customer, so that `what` must wait. */
export const customerBusy = (run: Run, what: string): DomainError =>
  new DomainError(
    'conflict',
    'CUSTOMER_BUSY',
    `The run "${run.id}" (${run.plan}, "${run.state}") is at work for this customer now, so that ${what}. Wait until it has ended, or cancel it; then send this again.`,
    { facts: { runId: run.id } },
  );

/** `CUSTOMER_BUSY`: another request holds `what` of the customer and will be done with it in a moment. */
export const busyAtThisMoment = (customerId: string, what: 'runs' | 'rotation'): DomainError =>
  new DomainError(
    'conflict',
    'CUSTOMER_BUSY',
    `Another request changes the ${what} of the customer "${customerId}" at this moment. Send this one again in a moment.`,
    { retryAfterSeconds: 1 },
  );
