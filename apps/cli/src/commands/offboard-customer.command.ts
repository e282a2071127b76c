import { CustomersReader, OffboardingsService } from '@app/customers';
import type { Command } from 'commander';
import { beginRun } from '../begun-run.js';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { CommandContext } from '../command-context.js';
import { getNamedCustomer } from '../named-customer.js';
import { reasonOption } from '../reason-option.js';
import { withReaders } from '../with-services.js';

interface OffboardCustomerOptions {
  reason: string;
  yes?: boolean;
  wait?: boolean;
}

/** `customers offboard`: deletes a customer's client at Qlik and its secrets here, for good. */
export function addOffboardCustomer(parent: Command, context: CommandContext): void {
  parent
    .command('offboard')
    .description("delete a customer's client at Qlik and its secrets here, for good; its audit stays")
    .argument('<customer>', 'its id or externalId')
    .addOption(reasonOption())
    .option('--yes', 'do not ask; needed where nobody types, and with --json')
    .option('--wait', 'show what the run does until it ends')
    .action(async (named: string, { reason, yes = false, wait }: OffboardCustomerOptions) => {
      // From the question on by its id: the name may be another customer's by then.
      const customer = yes ? named : await confirmCustomer(named, context);
      await beginRun(context, { customer, wait }, (services, customerId) =>
        services.get(OffboardingsService).begin(customerId, CLI_CALLER, newTrace(), reason),
      );
    });
}

async function confirmCustomer(named: string, context: CommandContext): Promise<string> {
  const { customerId } = await context.confirm(async () => {
    const { id, externalId, tenantHost, state } = await withReaders(context, (services) =>
      getNamedCustomer(services.get(CustomersReader), named),
    );
    return {
      text: `The customer "${externalId}" (${id}, ${tenantHost}, ${state}) loses its client at Qlik and its secrets, for good. Its externalId, to go on: `,
      answer: externalId,
      customerId: id,
    };
  });
  return customerId;
}
