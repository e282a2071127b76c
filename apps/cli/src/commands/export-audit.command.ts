import { type AuditAction, auditActions, AuditExport, type AuditExportQuery } from '@app/audit';
import { type Command, InvalidArgumentError } from 'commander';
import { isOfOurCalendar } from '../../../api/src/schemas/text.schema.js';
import { readCustomerId } from '../customer-id.js';
import type { CommandContext } from '../command-context.js';
import { writeWholeFile } from '../whole-file.js';
import { withDatabase } from '../with-database.js';

interface ExportAuditOptions {
  customer?: string;
  action?: AuditAction;
  from?: Date;
  to?: Date;
  output?: string;
}

/** `audit export`: the events as lines of JSON, on standard output or in a file that is there only once it is whole. */
export function addExportAudit(parent: Command, context: CommandContext): void {
  parent
    .command('export')
    .description('write the audit trail as lines of JSON, each chain in its order (docs/security.md)')
    .option('--customer <id>', 'only the chain of this customer', readCustomerId)
    .option('--action <name>', 'only events of this action, such as secret.revoked', readAction)
    .option('--from <time>', 'only events at or after this instant, such as 2026-01-31T00:00:00Z', readInstant)
    .option('--to <time>', 'only events before this instant', readInstant)
    .option('--output <file>', 'write to this file, which must not be there yet, instead of standard output')
    .action(async ({ output, customer, ...filter }: ExportAuditOptions) => {
      const query = { ...filter, ...(customer === undefined ? {} : { customerId: customer }) };
      if (output === undefined) await exportTo(query, context, (lines) => context.write(lines));
      else await exportToFile(query, context, output);
    });
}

async function exportTo(
  query: AuditExportQuery,
  { env, showProgress }: CommandContext,
  write: (lines: string) => Promise<unknown>,
): Promise<number> {
  return withDatabase(env, async (database) => {
    let events = 0;
    for await (const part of new AuditExport(database).read(query)) {
      await write(part.lines);
      events += part.events;
      showProgress(`${events} events`);
    }
    return events;
  });
}

async function exportToFile(query: AuditExportQuery, context: CommandContext, output: string): Promise<void> {
  let events = 0;
  await writeWholeFile(output, async (file) => {
    events = await exportTo(query, context, (lines) => file.writeFile(lines));
  });
  context.print({ file: output, events }, `Wrote ${events} events to ${output}.`);
}

function readAction(text: string): AuditAction {
  if (Object.hasOwn(auditActions, text)) return text as AuditAction;
  throw new InvalidArgumentError(
    `There is no action "${text}". The actions are: ${Object.keys(auditActions).join(', ')}.`,
  );
}

function readInstant(text: string): Date {
  const time = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('Give an instant with its offset, such as 2026-01-31T00:00:00Z.');
  }
  const instant = new Date(time);
  if (isOfOurCalendar(instant)) return instant;
  throw new InvalidArgumentError('Give an instant in one of the years 1 to 9999 of UTC.');
}
