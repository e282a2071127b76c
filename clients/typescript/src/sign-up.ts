import type { ProvisionerClient } from './client.js';
import type { AcceptedCustomer, NewCustomer } from './resources.js';
import { unwrap } from './unwrap.js';

/** How to sign up. */
export interface SignUpOptions {
  /** Yours, derived from what is signed up, so that the next process finds the same customer if this one dies; a random one unless given. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** Signs a customer up: the customer, and the run that onboards it, now or since an earlier call with this key. Throws ProblemError. */
export async function signUp(
  client: Pick<ProvisionerClient, 'POST'>,
  customer: NewCustomer,
  { idempotencyKey, signal }: SignUpOptions = {},
): Promise<AcceptedCustomer> {
  const header = idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
  const init = { body: customer, params: { header }, ...(signal === undefined ? {} : { signal }) };
  // Unknown at first, for the path may answer otherwise too: with what a dry run found, but not to a NewCustomer.
  const accepted: unknown = await unwrap(client.POST('/v1/customers', init));
  return accepted as AcceptedCustomer;
}
