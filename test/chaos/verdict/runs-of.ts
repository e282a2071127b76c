import type { Scene, StoppedRun } from '../fault.js';
import { patiently } from '../patiently.js';

/** Where the runs of a batch stand. */
export interface RunsOf {
  open: number;
  succeeded: number;
  /** Those that stopped without success, by customer. */
  stopped: ReadonlyMap<string, StoppedRun>;
}

/** Reads the newest run of each customer accepted so far. */
export async function runsOf({ rig, signups }: Scene): Promise<RunsOf> {
  const ids = signups.map(({ customerId }) => customerId);
  const rows = await patiently(() =>
    rig.database.client.run.findMany({
      where: { customerId: { in: ids } },
      select: { id: true, customerId: true, state: true, error: true },
      // Ids are dated by the clock of whichever process made them.
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    }),
  );
  const newest = new Map(rows.map((row) => [row.customerId!, row]));
  let open = 0;
  let succeeded = 0;
  const stopped = new Map<string, StoppedRun>();
  for (const { customerId, formerRunId } of signups) {
    const row = newest.get(customerId);
    if (row === undefined) continue;
    if (row.id === formerRunId) open += 1;
    else if (row.state === 'succeeded') succeeded += 1;
    else if (row.state === 'queued' || row.state === 'running' || row.state === 'waiting') open += 1;
    else stopped.set(customerId, row as StoppedRun);
  }
  return { open, succeeded, stopped };
}

/** How many steps the batch's runs have done. */
export async function countStepsDone({ rig, signups }: Scene): Promise<number> {
  const customerId = { in: signups.map((signup) => signup.customerId) };
  const where = { state: { in: ['succeeded' as const, 'skipped' as const] }, run: { customerId } };
  return patiently(() => rig.database.client.runStep.count({ where }));
}
