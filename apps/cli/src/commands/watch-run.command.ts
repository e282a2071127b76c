import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { readId } from '../read-id.js';
import { watchRun } from '../watched-run.js';
import { withReaders } from '../with-services.js';

/** `runs watch`: a run's changes until it ends; ends with 1 if that is no success. */
export function addWatchRun(parent: Command, context: CommandContext): void {
  parent
    .command('watch')
    .description('show what a run does, step by step, until it ends; ends with 1 if that is no success')
    .argument('<run>', 'as runs list shows it', readId)
    .action((runId: string) => withReaders(context, (services) => watchRun(services, runId, context)));
}
