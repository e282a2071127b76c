import { InvalidArgumentError } from 'commander';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads a customer's id for an option. */
export function readCustomerId(text: string): string {
  const id = text.toLowerCase();
  if (UUID.test(id)) return id;
  throw new InvalidArgumentError("Give the customer's id, a UUID, and not their externalId.");
}
