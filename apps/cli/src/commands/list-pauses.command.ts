import { PausesService } from '@app/runs';
import type { Command } from 'commander';
import { type Pause, PauseFilter, showPause } from '../../../api/src/pauses/pause.schema.js';
import type { CommandContext } from '../command-context.js';
import { minute } from '../minute.js';
import { accept } from '../mistakes.js';
import { addPageOptions, type PageOptions, printPage } from '../page.js';
import { withReaders } from '../with-services.js';

const HEADER = ['ID', 'PAUSED', 'SINCE', 'BY', 'REASON'];

/** `pauses list`: the pauses in force, newest first. */
export function addListPauses(parent: Command, context: CommandContext): void {
  const command = parent.command('list').description('show the pauses in force, newest first, a page at a time');
  addPageOptions(command).action(async (options: PageOptions) => {
    const { limit, cursor } = accept(PauseFilter, options);
    const { pauses, nextCursor } = await withReaders(context, (services) =>
      services.get(PausesService).list({ limit, ...(cursor === undefined ? {} : { cursor }) }),
    );
    const shown = pauses.map(showPause);
    const page = { pauses: shown, nextCursor };
    printPage(context, page, { header: HEADER, rows: shown.map(rowOf), none: 'Nothing is paused.' });
  });
}

function rowOf({ id, plan, tenantHost, since, actor, reason }: Pause): string[] {
  return [id, plan === null ? `tenant ${tenantHost}` : `plan ${plan}`, minute(since), actor, reason];
}
