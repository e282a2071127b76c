import { type CustomerState, DomainError } from '@app/platform';

/** The states in which a customer's stored secret works. */
export const USABLE_STATES: readonly CustomerState[] = ['ready', 'degraded'];

/** What is asked of a customer that it may not have yet. */
type Lacked = 'credentials to give' | 'secret to rotate' | 'secret to get tokens with';

/** Throws CUSTOMER_OFFBOARDED, or CUSTOMER_NOT_READY, for a customer in whose state there is no secret that works. */
export function assertUsable(customerId: string, state: CustomerState, lacked: Lacked): void {
  assertNotOffboarded(customerId, state);
  if (!USABLE_STATES.includes(state)) throw customerNotReady(customerId, state, lacked);
}

/** Whether somebody asked that the customer be offboarded: nothing else begins for it. */
export const isOffboarded = (state: CustomerState): boolean => state === 'offboarding' || state === 'offboarded';

/** Throws CUSTOMER_OFFBOARDED from the moment on at which somebody asked that the customer be offboarded. */
export function assertNotOffboarded(customerId: string, state: CustomerState): void {
  if (state === 'offboarding') throw customerOffboarded(`The customer "${customerId}" is being offboarded`);
  if (state === 'offboarded') throw customerOffboarded(`The customer "${customerId}" was offboarded`);
}

/** `CUSTOMER_NOT_READY`: what is asked for is not there yet. */
export const customerNotReady = (customerId: string, state: CustomerState, lacked: Lacked): DomainError =>
  new DomainError(
    'conflict',
    'CUSTOMER_NOT_READY',
    `The customer "${customerId}" is "${state}" and has no ${lacked}. Follow its run until it is ready.`,
    { facts: { state } },
  );

const customerOffboarded = (what: string): DomainError =>
  new DomainError(
    'gone',
    'CUSTOMER_OFFBOARDED',
    `${what}: nothing more begins for it, and its secrets are no longer given out. Sign the customer up anew if it comes back.`,
  );
