import { CustomersReader, RotationsService } from '@app/customers';
import { type Command, InvalidArgumentError } from 'commander';
import { MAX_VERSION } from '../../../api/src/secret-versions/secret-version.schema.js';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { CommandContext } from '../command-context.js';
import { getNamedCustomer } from '../named-customer.js';
import { withServices } from '../with-services.js';

/** `acknowledge`: notes that the customer's consumer uses the current secret. */
export function addAcknowledgeSecret(parent: Command, context: CommandContext): void {
  parent
    .command('acknowledge')
    .description('note that the new secret is in use: a rotation that waits for it goes on')
    .argument('<customer>', 'its id or externalId')
    .requiredOption('--version <number>', 'the version in use, as customers show has it', readVersion)
    .action(async (customer: string, { version }: { version: number }) => {
      const { requestId } = newTrace();
      const id = await withServices(context, { wakes: true, seals: false }, async (services) => {
        const found = await getNamedCustomer(services.get(CustomersReader), customer);
        await services.get(RotationsService).acknowledge(found.id, version, CLI_CALLER, requestId);
        return found.id;
      });
      context.print({ customerId: id, version }, `Version ${version} of the customer "${id}" is acknowledged.`);
    });
}

function readVersion(text: string): number {
  const version = Number(text);
  if (/^\d+$/.test(text) && version >= 1 && version <= MAX_VERSION) return version;
  throw new InvalidArgumentError('Give the number of a version, such as 2.');
}
