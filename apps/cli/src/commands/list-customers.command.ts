import { CustomersReader } from '@app/customers';
import { CustomerState } from '@app/platform';
import { type Command, Option } from 'commander';
import { type Customer, CustomerFilter } from '../../../api/src/customers/customer.schema.js';
import type { CommandContext } from '../command-context.js';
import { minute } from '../minute.js';
import { accept } from '../mistakes.js';
import { addPageOptions, type PageOptions, printPage } from '../page.js';
import { showCustomers } from '../shown-customer.js';
import { withReaders } from '../with-services.js';

interface ListCustomersOptions extends PageOptions {
  state?: string;
  tenant?: string;
  externalId?: string;
  search?: string;
}

const HEADER = ['ID', 'STATE', 'EXTERNAL ID', 'TENANT', 'CREATED', 'NAME'];

/** `customers list`: a page of customers, newest first. */
export function addListCustomers(parent: Command, context: CommandContext): void {
  const command = parent
    .command('list')
    .description('show customers, newest first, a page at a time')
    .addOption(new Option('--state <state>', 'only those in this state').choices(Object.values(CustomerState)))
    .option('--tenant <host>', 'only the one of this tenant host')
    .option('--external-id <id>', 'only the one with this externalId')
    .option('--search <text>', 'only those with this in the name or the externalId');
  addPageOptions(command).action(async ({ tenant, search, ...rest }: ListCustomersOptions) => {
    const filter = accept(CustomerFilter, { ...rest, tenantHost: tenant, q: search });
    const page = await withReaders(context, async (services) => {
      const { customers, nextCursor } = await services.get(CustomersReader).list(filter);
      return { customers: await showCustomers(services, customers), nextCursor };
    });
    printPage(context, page, {
      header: HEADER,
      rows: page.customers.map(rowOf),
      none: 'There is no such customer.',
    });
  });
}

function rowOf({ id, state, externalId, tenantHost, createdAt, name }: Customer): string[] {
  return [id, state, externalId, tenantHost, minute(createdAt), name];
}
