import { AuditVerification, type ChainVerdict } from '@app/audit';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { readCustomerId } from '../customer-id.js';
import { withDatabase } from '../with-database.js';

/** `audit verify`: recomputes the chains of the audit trail; ends with 3 when one is broken. */
export function addVerifyAudit(parent: Command, { env, print, foundProblem }: CommandContext): void {
  parent
    .command('verify')
    .description('recompute the chains of the audit trail; ends with 3 when one is broken')
    .option('--customer <id>', 'only the chain of this customer', readCustomerId)
    .action(async ({ customer }: { customer?: string }) => {
      const verdicts = await withDatabase(env, async (database) => {
        const verification = new AuditVerification(database);
        return customer === undefined ? verification.verifyAll() : [await verification.verify(customer)];
      });
      const broken = verdicts.filter((verdict) => !verdict.intact);
      const events = verdicts.reduce((sum, verdict) => sum + verdict.events, 0);
      const intact = broken.length === 0;
      print(
        { intact, chains: verdicts.length, events, broken },
        intact
          ? `Intact: ${events} events in ${verdicts.length} ${verdicts.length === 1 ? 'chain' : 'chains'}.`
          : broken.map(describe).join('\n'),
      );
      if (!intact) foundProblem();
    });
}

function describe({ chain, events, firstBroken }: ChainVerdict): string {
  if (firstBroken === undefined) return `Chain "${chain}" is broken.`;
  const { sequence, eventId, reason } = firstBroken;
  const event = eventId === undefined ? `event ${sequence}` : `event ${sequence} (${eventId})`;
  return `Chain "${chain}" is broken at ${event}: ${reason}. The ${events} events before it are intact.`;
}
