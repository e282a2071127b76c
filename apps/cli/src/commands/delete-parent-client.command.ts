import { AuditTrail } from '@app/audit';
import { ParentClientsService } from '@app/parents';
import type { Command } from 'commander';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { withDatabase } from '../with-database.js';

/** `parent-clients delete`: has workers go back to what they are configured with. */
export function addDeleteParentClient(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('delete')
    .description('forget the stored parent client of a region; workers go back to QLIK_PARENT_CLIENTS')
    .argument('<region>', 'as parent-clients list shows it')
    .action(async (region: string) => {
      await withDatabase(env, (database) =>
        new ParentClientsService(database, new AuditTrail(database)).delete(region, { actor: CLI_ACTOR }),
      );
      print({ region, state: 'deleted' }, `The parent client of "${region}" is forgotten.`);
    });
}
