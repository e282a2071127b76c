import { CustomersReader } from '@app/customers';
import { RunState } from '@app/platform';
import { PLAN_NAMES, RunsReader } from '@app/runs';
import { type Command, Option } from 'commander';
import { type Run, RunFilter } from '../../../api/src/runs/run.schema.js';
import type { CommandContext } from '../command-context.js';
import { minute } from '../minute.js';
import { accept } from '../mistakes.js';
import { getNamedCustomer } from '../named-customer.js';
import { addPageOptions, type PageOptions, printPage } from '../page.js';
import { showRuns } from '../shown-run.js';
import { withReaders } from '../with-services.js';

interface ListRunsOptions extends PageOptions {
  state?: string;
  plan?: string;
  code?: string;
  customer?: string;
}

const HEADER = ['ID', 'PLAN', 'STATE', 'STEP', 'CODE', 'CREATED', 'CUSTOMER'];

/** `runs list`: a page of runs, newest first. */
export function addListRuns(parent: Command, context: CommandContext): void {
  const command = parent
    .command('list')
    .description('show runs, newest first, a page at a time')
    .addOption(new Option('--state <state>', 'only those in this state').choices(Object.values(RunState)))
    .addOption(new Option('--plan <plan>', 'only those of this plan').choices(PLAN_NAMES))
    .option('--code <code>', 'only those that stopped with this error')
    .option('--customer <customer>', 'only those of this customer: its id or externalId');
  addPageOptions(command).action(async ({ customer, ...rest }: ListRunsOptions) => {
    const { limit, ...filter } = accept(RunFilter, rest);
    const page = await withReaders(context, async (services) => {
      const customerId = customer && (await getNamedCustomer(services.get(CustomersReader), customer)).id;
      const { runs, nextCursor } = await services
        .get(RunsReader)
        .list({ ...filter, limit, ...(customerId === undefined ? {} : { customerId }) });
      return { runs: await showRuns(services, runs), nextCursor };
    });
    printPage(context, page, { header: HEADER, rows: page.runs.map(rowOf), none: 'There is no such run.' });
  });
}

function rowOf({ id, plan, state, step, error, createdAt, customerId, pausedBy }: Run): string[] {
  const shownState = pausedBy === null ? state : `${state} (paused)`;
  return [id, plan, shownState, step ?? '-', error?.code ?? '-', minute(createdAt), customerId ?? '-'];
}
