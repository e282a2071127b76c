import { PausesService, type RunDetails } from '@app/runs';
import { type Run, showRun } from '../../api/src/runs/run.schema.js';
import type { Services } from './with-services.js';

/** The runs as the API shows them, each with the pause that holds it. */
export async function showRuns(services: Services, runs: readonly RunDetails[]): Promise<Run[]> {
  return (await services.get(PausesService).addPauses(runs)).map(showRun);
}
