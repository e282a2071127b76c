import { Prisma } from '@app/platform';

/** In a statement on `runs`: whether a pause of the plan or of the customer's tenant holds the run. Costs next to nothing while there is no pause. */
export const IS_PAUSED = Prisma.sql`EXISTS (SELECT 1 FROM pauses WHERE pauses.plan = runs.plan
  OR pauses.tenant_host = (SELECT customers.tenant_host FROM customers WHERE customers.id = runs.customer_id))`;
