import type { Sql } from '@app/platform';
import { RESET_STEPS } from './run-columns.js';
import { LeaseLost } from './step-failure.js';
import type { RunView } from './step.js';

/** The part of a run's input that has it begin again, once everything is undone that it was told to undo. */
export const ONCE_UNDONE = 'onceUndone';

/** Whether the run, which is being undone, was told meanwhile to begin again after that. */
export const beginsAgain = ({ input }: Pick<RunView, 'input'>): boolean => input[ONCE_UNDONE] === true;

/** Has the run, all of it undone, stand at its beginning as one that nobody told to stop. Throws LeaseLost if it was told to stop once more. */
export async function beginAgain(tx: Sql, runId: string): Promise<void> {
  const begun = await tx.$executeRaw`
    UPDATE runs SET cancel_requested = false, input = input - ${ONCE_UNDONE}::text WHERE id = ${runId}::uuid AND input ? ${ONCE_UNDONE}::text`;
  if (begun !== 1) throw new LeaseLost('told-anew', runId);
  await tx.$executeRaw`${RESET_STEPS} WHERE run_id = ${runId}::uuid`;
}
