import { CustomersReader } from '@app/customers';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { tellFacts } from '../facts.js';
import { getNamedCustomer } from '../named-customer.js';
import { showCustomers } from '../shown-customer.js';
import { withReaders } from '../with-services.js';

/** `customers show`: what is known of one customer. */
export function addShowCustomer(parent: Command, context: CommandContext): void {
  parent
    .command('show')
    .description('show one customer')
    .argument('<customer>', 'its id or externalId')
    .action(async (named: string) => {
      const [customer] = await withReaders(context, async (services) =>
        showCustomers(services, [await getNamedCustomer(services.get(CustomersReader), named)]),
      );
      context.print(customer!, tellFacts(customer!));
    });
}
