import { createHash } from 'node:crypto';
import type { NewCustomer } from '../../../api/src/customers/customer.schema.js';

/** The idempotency key of a customer that a command signs up: from what is asked for, so that the same again makes nobody twice. A secret is no part of it. */
export function keyOfCustomer(input: NewCustomer): string {
  return `onboard:${createHash('sha256').update(JSON.stringify(input)).digest('hex')}`;
}
