import type { CustomerWithRun } from '@app/customers';
import { type Customer, showCustomer } from '../../api/src/customers/customer.schema.js';
import { SecretVersionsReader } from '../../api/src/secret-versions/secret-versions.reader.js';
import type { Services } from './with-services.js';

/** The customers as the API shows them. */
export async function showCustomers(services: Services, customers: readonly CustomerWithRun[]): Promise<Customer[]> {
  return (await services.get(SecretVersionsReader).addCurrent(customers)).map(showCustomer);
}
