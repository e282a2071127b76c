import { Prisma } from '@app/platform';
import type { PlanName } from './plan-names.js';
import { TENANT_OF_RUN } from './tenant-of-run.js';

/** In a statement on `runs`: whether a pause of the plan or of the run's tenant holds the run. Costs next to nothing while there is no pause. */
export const IS_PAUSED = Prisma.sql`EXISTS (SELECT 1 FROM pauses WHERE pauses.plan = runs.plan
  OR pauses.tenant_host = ${TENANT_OF_RUN})`;

/** In a statement on `customers`: whether a pause of the plan or of the customer's tenant would hold a run of it. */
export const isPausedFor = (
  plan: PlanName,
): Prisma.Sql => Prisma.sql`EXISTS (SELECT 1 FROM pauses WHERE pauses.plan = ${plan}
  OR pauses.tenant_host = customers.tenant_host)`;
