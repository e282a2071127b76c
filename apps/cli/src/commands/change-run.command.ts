import { CustomersService } from '@app/customers';
import type { Run } from '@app/platform';
import { type RunChange, RunsReader } from '@app/runs';
import type { Command } from 'commander';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { CommandContext } from '../command-context.js';
import { readId } from '../read-id.js';
import { reasonOption } from '../reason-option.js';
import { showRuns } from '../shown-run.js';
import { type Services, withServices } from '../with-services.js';

/** `runs retry`: queues a run again that stopped. */
export function addRetryRun(parent: Command, context: CommandContext): void {
  addChange(parent, context, {
    name: 'retry',
    description: 'try a run again that failed, needs attention or was cancelled',
    make: (services, runId, change) => services.get(CustomersService).retryRun(runId, change),
  });
}

/** `runs cancel`: tells a run to stop and to take back what it made. */
export function addCancelRun(parent: Command, context: CommandContext): void {
  addChange(parent, context, {
    name: 'cancel',
    description: 'have a run stop at its next step and take back what it made',
    make: (services, runId, change) => services.get(CustomersService).cancelRun(runId, change),
  });
}

interface Change {
  name: string;
  description: string;
  make: (services: Services, runId: string, change: RunChange) => Promise<Run>;
}

function addChange(parent: Command, context: CommandContext, { name, description, make }: Change): void {
  parent
    .command(name)
    .description(description)
    .argument('<run>', 'as runs list shows it', readId)
    .addOption(reasonOption())
    .action(async (runId: string, { reason }: { reason: string }) => {
      const [run] = await withServices(context, { wakes: true, seals: false }, async (services) => {
        const reader = services.get(RunsReader);
        const { revision } = await reader.get(runId);
        const { requestId } = newTrace();
        await make(services, runId, { revision, reason, actor: CLI_CALLER.actor, requestId });
        return showRuns(services, [await reader.get(runId)]);
      });
      const told = run!.cancelRequested ? `${run!.state}, told to stop` : run!.state;
      context.print(run!, `The run "${runId}" is ${told}. To follow it: runs watch ${runId}`);
    });
}
