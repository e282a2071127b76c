import { CustomersReader } from '@app/customers';
import type { Run } from '@app/platform';
import { RunsReader } from '@app/runs';
import type { CommandContext } from './command-context.js';
import { getNamedCustomer } from './named-customer.js';
import { showRuns } from './shown-run.js';
import { watchRun } from './watched-run.js';
import { type Services, withServices } from './with-services.js';

/** Begins a run of the named customer and prints it or, with `wait`, what it does until it ends. Throws what `begin` throws, CUSTOMER_NOT_FOUND, and what `watchRun` throws. */
export function beginRun(
  context: CommandContext,
  { customer, wait = false }: { customer: string; wait?: boolean | undefined },
  begin: (services: Services, customerId: string) => Promise<Run>,
): Promise<void> {
  return withServices(context, { wakes: true, seals: false }, async (services) => {
    const { id: customerId } = await getNamedCustomer(services.get(CustomersReader), customer);
    const { id } = await begin(services, customerId);
    if (wait) return watchRun(services, id, context);
    const [run] = await showRuns(services, [await services.get(RunsReader).get(id)]);
    context.print(run!, `The run "${id}" is ${run!.state}. To follow it: runs watch ${id}`);
  });
}
