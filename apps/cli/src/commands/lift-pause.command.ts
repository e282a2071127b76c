import { DomainError } from '@app/platform';
import { PausesService } from '@app/runs';
import { type Command, InvalidArgumentError } from 'commander';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { CommandContext } from '../command-context.js';
import { addTargetOptions, type PauseTarget, readTarget, type TargetOptions, tellTarget } from '../pause-target.js';
import { readId } from '../read-id.js';
import { withServices } from '../with-services.js';

/** Pauses that are read at once. */
const PAGE = 100;

/** `resume`: lifts a pause, and what it held goes on. */
export function addLiftPause(parent: Command, context: CommandContext): void {
  addTargetOptions(parent.command('resume'))
    .description('lift a pause: what it held goes on at once')
    .argument('[pause]', 'its id, as pauses list shows it; or give --plan or --tenant', readId)
    .action(async (pauseId: string | undefined, options: TargetOptions) => {
      if (pauseId !== undefined && (options.plan ?? options.tenant) !== undefined) {
        throw new InvalidArgumentError('Give the id of the pause, or --plan, or --tenant: one of them.');
      }
      const target = pauseId === undefined ? readTarget(options, context.env) : undefined;
      const { requestId } = newTrace();
      const id = await withServices(context, { wakes: true, seals: false }, async (services) => {
        const pauses = services.get(PausesService);
        const lifted = target === undefined ? pauseId! : await findPause(pauses, target);
        await pauses.lift(lifted, { actor: CLI_CALLER.actor, requestId });
        return lifted;
      });
      context.print({ id, lifted: true }, `The pause "${id}" is lifted.`);
    });
}

async function findPause(service: PausesService, target: PauseTarget): Promise<string> {
  for (let cursor: string | undefined; ;) {
    const page = await service.list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    const found = page.pauses.find(
      ({ plan, tenantHost }) => plan === (target.plan ?? null) && tenantHost === (target.tenantHost ?? null),
    );
    if (found !== undefined) return found.id;
    cursor = page.nextCursor;
    if (cursor === undefined) {
      throw new DomainError(
        'not-found',
        'PAUSE_NOT_FOUND',
        `There is no pause of ${tellTarget(target)}; pauses list shows those in force.`,
      );
    }
  }
}
