import { AuditTrail } from '@app/audit';
import { type ListedParentClient, ParentClientsService } from '@app/parents';
import type { Command } from 'commander';
import { aligned } from '../aligned.js';
import type { CommandContext } from '../command-context.js';
import { minute } from '../minute.js';
import { withDatabase } from '../with-database.js';

const HEADER = ['REGION', 'CLIENT ID', 'CHANGED', 'LAST USED'];

/** `parent-clients list`: every parent client that is stored, without its secret. */
export function addListParentClients(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('list')
    .description('show every parent client that is stored; not those that workers are configured with')
    .action(async () => {
      const parentClients = await withDatabase(env, (database) =>
        new ParentClientsService(database, new AuditTrail(database)).list(),
      );
      const text = aligned([HEADER, ...parentClients.map(rowOf)]);
      print({ parentClients }, parentClients.length === 0 ? 'No parent client is stored.' : text);
    });
}

function rowOf({ region, clientId, changedAt, lastUsedAt }: ListedParentClient): string[] {
  return [region, clientId, minute(changedAt), minute(lastUsedAt)];
}
