import { PausesService } from '@app/runs';
import type { Command } from 'commander';
import { showPause } from '../../../api/src/pauses/pause.schema.js';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { CommandContext } from '../command-context.js';
import { addTargetOptions, readTarget, type TargetOptions, tellTarget } from '../pause-target.js';
import { reasonOption } from '../reason-option.js';
import { withReaders } from '../with-services.js';

/** `pause`: lets no run of a plan or a tenant be taken up until `resume`. */
export function addSetPause(parent: Command, context: CommandContext): void {
  addTargetOptions(parent.command('pause'))
    .description('let no run of a plan or a tenant be taken up until it is resumed')
    .addOption(reasonOption())
    .action(async ({ reason, ...options }: TargetOptions & { reason: string }) => {
      const target = readTarget(options, context.env);
      const { requestId } = newTrace();
      // A pause wakes nobody.
      const { pause, isNew } = await withReaders(context, (services) =>
        services.get(PausesService).set({ ...target, reason, actor: CLI_CALLER.actor, requestId }),
      );
      const already = isNew ? '' : ` already, by ${pause.actor}: ${pause.reason}`;
      context.print({ isNew, pause: showPause(pause) }, `Paused is ${tellTarget(target)}${already} (${pause.id}).`);
    });
}
