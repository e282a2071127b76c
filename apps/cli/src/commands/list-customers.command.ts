import { CustomersReader } from '@app/customers';
import { CustomerState } from '@app/platform';
import { type Command, Option } from 'commander';
import { type Customer, CustomerFilter } from '../../../api/src/customers/customer.schema.js';
import { aligned } from '../aligned.js';
import type { CommandContext } from '../command-context.js';
import { accept } from '../mistakes.js';
import { showCustomers } from '../shown-customer.js';
import { withReaders } from '../with-services.js';

interface ListCustomersOptions {
  state?: string;
  tenant?: string;
  externalId?: string;
  search?: string;
  limit?: string;
  cursor?: string;
}

const HEADER = ['ID', 'STATE', 'EXTERNAL ID', 'TENANT', 'CREATED', 'NAME'];

/** `customers list`: a page of customers, newest first. */
export function addListCustomers(parent: Command, context: CommandContext): void {
  parent
    .command('list')
    .description('show customers, newest first, a page at a time')
    .addOption(new Option('--state <state>', 'only those in this state').choices(Object.values(CustomerState)))
    .option('--tenant <host>', 'only the one of this tenant host')
    .option('--external-id <id>', 'only the one with this externalId')
    .option('--search <text>', 'only those with this in the name or the externalId')
    .option('--limit <number>', 'how many, at most 100 (default: 25)')
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(async ({ tenant, search, ...rest }: ListCustomersOptions) => {
      const filter = accept(CustomerFilter, { ...rest, tenantHost: tenant, q: search });
      const page = await withReaders(context, async (services) => {
        const { customers, nextCursor } = await services.get(CustomersReader).list(filter);
        return { customers: await showCustomers(services, customers), nextCursor };
      });
      const rows = page.customers.map(rowOf);
      if (page.nextCursor !== undefined) context.note(`There are more: --cursor ${page.nextCursor}`);
      context.print(page, rows.length === 0 ? 'There is no such customer.' : aligned([HEADER, ...rows]));
    });
}

function rowOf({ id, state, externalId, tenantHost, createdAt, name }: Customer): string[] {
  return [id, state, externalId, tenantHost, `${createdAt.slice(0, 16)}Z`, name];
}
