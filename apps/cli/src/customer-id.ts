import { InvalidArgumentError } from 'commander';
import { isId } from './read-id.js';

/** Reads a customer's id for an option. */
export function readCustomerId(text: string): string {
  const id = text.toLowerCase();
  if (isId(id)) return id;
  throw new InvalidArgumentError("Give the customer's id, a UUID, and not their externalId.");
}
