import { RotationsService } from '@app/customers';
import type { Command } from 'commander';
import { beginRun } from '../begun-run.js';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { CommandContext } from '../command-context.js';
import { reasonOption } from '../reason-option.js';

interface RotateSecretOptions {
  reason: string;
  emergency?: boolean;
  wait?: boolean;
}

/** `rotate`: replaces a customer's secret now. */
export function addRotateSecret(parent: Command, context: CommandContext): void {
  parent
    .command('rotate')
    .description("replace a customer's secret now; the old one stays valid as the rotation policy says")
    .argument('<customer>', 'its id or externalId')
    .addOption(reasonOption())
    .option('--emergency', 'delete every other secret of ours as soon as the new one is current')
    .option('--wait', 'show what the run does until it ends, the grace of the old secret included')
    .action((customer: string, { reason, emergency = false, wait }: RotateSecretOptions) => {
      const rotation = { mode: emergency ? 'emergency' : 'graceful', reason } as const;
      return beginRun(context, { customer, wait }, (services, customerId) =>
        services.get(RotationsService).start(customerId, rotation, CLI_CALLER, newTrace()),
      );
    });
}

/** `rollback`: goes back to the secret before the last, while that is in its grace. */
export function addRollBackRotation(parent: Command, context: CommandContext): void {
  parent
    .command('rollback')
    .description('go back to the secret before the last, while the last rotation is in its grace')
    .argument('<customer>', 'its id or externalId')
    .addOption(reasonOption())
    .option('--wait', 'show what the run does until it ends, the grace of the rejected secret included')
    .action((customer: string, { reason, wait }: RotateSecretOptions) =>
      beginRun(context, { customer, wait }, (services, customerId) =>
        services.get(RotationsService).rollback(customerId, { reason }, CLI_CALLER, newTrace()),
      ),
    );
}
