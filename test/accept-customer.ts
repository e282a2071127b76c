import type { Accepted, CustomersService, ExistingClient } from '@app/customers';

/** Accepts a customer of this name, at a tenant of the same name, as the API does. */
export function acceptCustomer(
  customers: CustomersService,
  name: string,
  tenantHost: string,
  existingClient?: ExistingClient,
): Promise<Accepted> {
  const input = { externalId: name, name, tenantHost, redirectUris: [], allowedOrigins: [], scopes: ['user_default'] };
  return customers.accept({ ...input, existingClient, metadata: {} }, { id: 'test', actor: 'test' }, name, {
    requestId: name,
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  });
}
