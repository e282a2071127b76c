import { Prisma } from '@app/platform';

/** In a statement on `runs`: the host of the tenant that the run is about, its customer's, or the one that a run without a customer was given. */
export const TENANT_OF_RUN = Prisma.sql`CASE WHEN runs.customer_id IS NULL THEN runs.input ->> 'tenantHost'
  ELSE (SELECT customers.tenant_host FROM customers WHERE customers.id = runs.customer_id) END`;
