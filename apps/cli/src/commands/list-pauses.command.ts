import { PausesService } from '@app/runs';
import type { Command } from 'commander';
import { type Pause, PauseFilter, showPause } from '../../../api/src/pauses/pause.schema.js';
import { aligned } from '../aligned.js';
import type { CommandContext } from '../command-context.js';
import { accept } from '../mistakes.js';
import { withReaders } from '../with-services.js';

interface ListPausesOptions {
  limit?: string;
  cursor?: string;
}

const HEADER = ['ID', 'PAUSED', 'SINCE', 'BY', 'REASON'];

/** `pauses list`: the pauses in force, newest first. */
export function addListPauses(parent: Command, context: CommandContext): void {
  parent
    .command('list')
    .description('show the pauses in force, newest first, a page at a time')
    .option('--limit <number>', 'how many, at most 100 (default: 25)')
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(async (options: ListPausesOptions) => {
      const { limit, cursor } = accept(PauseFilter, options);
      const { pauses, nextCursor } = await withReaders(context, (services) =>
        services.get(PausesService).list({ limit, ...(cursor === undefined ? {} : { cursor }) }),
      );
      const shown = pauses.map(showPause);
      if (nextCursor !== undefined) context.note(`There are more: --cursor ${nextCursor}`);
      context.print(
        { pauses: shown, nextCursor },
        shown.length === 0 ? 'Nothing is paused.' : aligned([HEADER, ...shown.map(rowOf)]),
      );
    });
}

function rowOf({ id, plan, tenantHost, since, actor, reason }: Pause): string[] {
  return [id, plan === null ? `tenant ${tenantHost}` : `plan ${plan}`, `${since.slice(0, 16)}Z`, actor, reason];
}
