import { type CustomersReader, type CustomerWithRun } from '@app/customers';
import { DomainError } from '@app/platform';
import { isId } from './read-id.js';

/** More than one customer has an externalId only where the others are offboarded. */
const MOST_OF_ONE_NAME = 100;

/** The customer with this id or, failing that, this externalId: the live one, else the newest. Throws CUSTOMER_NOT_FOUND. */
export async function getNamedCustomer(reader: CustomersReader, named: string): Promise<CustomerWithRun> {
  const byId = isId(named.toLowerCase()) ? await findById(reader, named) : undefined;
  if (byId !== undefined) return byId;
  const { customers } = await reader.list({ externalId: named, limit: MOST_OF_ONE_NAME });
  return customers.find(({ state }) => state !== 'offboarded') ?? customers[0] ?? reader.get(named);
}

async function findById(reader: CustomersReader, id: string): Promise<CustomerWithRun | undefined> {
  try {
    return await reader.get(id);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not-found') return undefined;
    throw error;
  }
}
