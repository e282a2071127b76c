import { CustomersService, DryRunsService } from '@app/customers';
import { parseConfig } from '@app/platform';
import { tenantHostPolicy, tenantHostSettings } from '@app/qlik';
import type { NewCustomer } from '../../../api/src/customers/customer.schema.js';
import { showDryRun } from '../../../api/src/customers/dry-run.schema.js';
import { assertTenantHost } from '../../../api/src/customers/tenant-host-policy.js';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { CommandContext } from '../command-context.js';
import { showCustomers } from '../shown-customer.js';
import { showRuns } from '../shown-run.js';
import { watchRun } from '../watched-run.js';
import { withReaders, withServices } from '../with-services.js';
import { keyOfCustomer } from './row-key.js';

/** Signs up one customer and prints it with its run, or with `wait` what the run does. Throws what `CustomersService.accept` throws, TENANT_HOST_INVALID, and what `watchRun` throws. */
export async function onboardOne(
  input: NewCustomer,
  { dryRun, wait }: { dryRun: boolean; wait: boolean },
  context: CommandContext,
): Promise<void> {
  assertTenantHost(input.tenantHost, tenantHostPolicy(parseConfig(tenantHostSettings, context.env)));
  if (dryRun) {
    await withReaders(context, (services) => services.get(DryRunsService).judge(input));
    return context.print(showDryRun(input), `"${input.externalId}" would be accepted. Nothing was written.`);
  }
  const seals = input.existingClient?.clientSecret !== undefined;
  await withServices(context, { wakes: true, seals }, async (services) => {
    const accepted = await services.get(CustomersService).accept(input, CLI_CALLER, keyOfCustomer(input), newTrace());
    const { customer, run, replayed } = accepted;
    const [[shown], [shownRun]] = await Promise.all([
      showCustomers(services, [{ ...customer, currentRunId: run.id }]),
      showRuns(services, [run]),
    ]);
    context.print(
      { customer: shown, run: shownRun, replayed },
      `The customer "${customer.externalId}" is ${replayed ? 'signed up already' : 'signed up'} as ${customer.id}. To follow its run: runs watch ${run.id}`,
    );
    if (wait) await watchRun(services, run.id, context);
  });
}
