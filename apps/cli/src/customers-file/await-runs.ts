import { setTimeout as pause } from 'node:timers/promises';
import { Database, type RunState } from '@app/platform';
import { hasEnded } from '../run-end.js';
import type { Services } from '../with-services.js';
import { toldError } from './accept-rows.js';
import type { RowResult } from './row-result.js';

/** How often the runs are looked at. */
const LOOK_EVERY_MS = 1_000;

/** Runs that one statement reads. */
const AT_ONCE = 1_000;

/** Follows the run of each result until it ends, and writes into the result how. `onProgress` gets how many have ended. Throws an AbortError. */
export async function awaitRuns(
  results: readonly RowResult[],
  services: Services,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (ended: number) => void },
): Promise<void> {
  const all = results.filter(({ runId }) => runId !== null);
  let open = all.filter(isOpen);
  for (;;) {
    for (let first = 0; first < open.length; first += AT_ONCE) await look(open.slice(first, first + AT_ONCE), services);
    open = open.filter(isOpen);
    onProgress(all.length - open.length);
    if (open.length === 0) return;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function look(results: readonly RowResult[], services: Services): Promise<void> {
  const runs = await services.get(Database).client.run.findMany({
    where: { id: { in: results.map(({ runId }) => runId!) } },
    select: { id: true, state: true, error: true },
  });
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const result of results) {
    const run = byId.get(result.runId!);
    if (run !== undefined) Object.assign(result, { state: run.state, ...toldError(run.error) });
  }
}

const isOpen = ({ state }: RowResult): boolean => !hasEnded({ state: state as RunState });
