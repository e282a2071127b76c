import { DomainError, type Run } from '@app/platform';

/** `CUSTOMER_BUSY`: the run is at work for the customer, so that `what` must wait. */
export const customerBusy = (run: Run, what: string): DomainError =>
  new DomainError(
    'conflict',
    'CUSTOMER_BUSY',
    `The run "${run.id}" (${run.plan}, "${run.state}") is at work for this customer now, so that ${what}. Wait until it has ended, or cancel it; then send this again.`,
    { facts: { runId: run.id } },
  );
