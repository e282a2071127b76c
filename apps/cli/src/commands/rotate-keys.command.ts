import { AuditTrail } from '@app/audit';
import { KeyRotation, type KeyRotationResult } from '@app/vault';
import type { Command } from 'commander';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { withKeys } from '../with-keys.js';

/** Failures that are told one by one; `--json` has them all. */
const MAX_FAILURES_SHOWN = 10;

/** `keys rotate`: wraps every data key anew under the current key; ends with 3 when another key still wraps some. */
export function addRotateKeys(parent: Command, { env, print, showProgress, foundProblem }: CommandContext): void {
  parent
    .command('rotate')
    .description('wrap every data key anew under the current key; may be stopped, and run again')
    .action(async () => {
      const result = await withKeys(env, (database, keys) =>
        new KeyRotation(database, new AuditTrail(database), keys).rotate({
          actor: CLI_ACTOR,
          onProgress: (done, total) =>
            showProgress(`${done} of ${total} data keys (${Math.floor((done / total) * 100)} %)`),
        }),
      );
      print(result, describe(result));
      if (result.remaining > 0) foundProblem();
    });
}

function describe({ current, rewrapped, remaining, failures }: KeyRotationResult): string {
  const lines = [`Wrapped anew under "${current}": ${rewrapped}. Still under other keys: ${remaining}.`];
  lines.push(...failures.slice(0, MAX_FAILURES_SHOWN).map(({ message }) => message));
  if (failures.length > MAX_FAILURES_SHOWN) lines.push(`And ${failures.length - MAX_FAILURES_SHOWN} more: see --json.`);
  if (remaining > failures.length) {
    lines.push(
      `A process that has another key first makes data keys under it: restart every process with "${current}" first, then run this again.`,
    );
  }
  return lines.join('\n');
}
