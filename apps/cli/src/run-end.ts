import { DomainError } from '@app/platform';
import { OPEN_STATES } from '@app/runs';
import type { Run } from '../../api/src/runs/run.schema.js';

/** Whether a run goes on by itself no more. */
export const hasEnded = (run: Pick<Run, 'state'>): boolean => !OPEN_STATES.includes(run.state);

/** Throws RUN_NOT_SUCCEEDED, with the run's own error, for a run that ended otherwise. */
export function assertSucceeded({ id, state, step, error }: Run): void {
  if (state === 'succeeded') return;
  const why =
    error === null ? '' : ` (${error.code}): ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`;
  throw new DomainError(
    'conflict',
    'RUN_NOT_SUCCEEDED',
    `The run "${id}" ended "${state}"${step === null ? '' : ` at the step "${step}"`}${why}`,
  );
}
