import { DomainError } from '@app/platform';

/** `CUSTOMER_NOT_FOUND`: no customer has this id. */
export function customerNotFound(customerId: string): DomainError {
  return new DomainError(
    'not-found',
    'CUSTOMER_NOT_FOUND',
    `There is no customer "${customerId}". List customers by externalId to find the id.`,
  );
}
