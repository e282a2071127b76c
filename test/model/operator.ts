import type { RunRow } from './simulated-database.js';
import { Execution } from './simulated-worker.js';
import { Violation } from './violation.js';
import type { World } from './world.js';

/** Times that an operator does something about one run before it counts as stuck. */
const PATIENCE = 12;

/** Wake-ups, steps and waits before the whole counts as going round for ever. */
const MOST_ROUNDS = 5_000;

/** Lets everything come to its end: no more faults, every worker alive, and an operator who does what the runbook says. */
export async function bringToItsEnd(world: World): Promise<void> {
  world.stopsAtIntent = false;
  world.qlik.clearFaults();
  for (const worker of world.workers) {
    worker.isCutOff = false;
    if (worker.isStopped) await world.goOn(worker);
  }
  world.tell('— the faults are over —');
  const done = new Map<string, number>();
  /** Cancelled in order to be retried from the start. */
  const toBeginAnew = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const [execution] = world.executions;
    if (execution !== undefined) {
      await execution.step(true);
      continue;
    }
    for (const worker of world.workers) worker.isEnding = false;
    const { runs } = world.database.tables;
    const due = runs.find((run) => world.database.isDue(run));
    const [worker] = world.workers;
    if (due !== undefined && worker !== undefined) {
      await new Execution(world, worker, due.id).start();
      continue;
    }
    const stopped = runs.find((run) => isStopped(run) || (run.state === 'cancelled' && toBeginAnew.has(run.id)));
    if (stopped !== undefined) {
      const times = (done.get(stopped.id) ?? 0) + 1;
      done.set(stopped.id, times);
      if (times > PATIENCE) throw new Violation(`"${stopped.id}" is stuck with ${stopped.errorCode}.`);
      if (mend(world, stopped, times) === 'cancelled') toBeginAnew.add(stopped.id);
      else toBeginAnew.delete(stopped.id);
      continue;
    }
    const dueAt = world.database.nextDueAt();
    if (dueAt === undefined) return;
    world.advance(dueAt - world.now);
  }
  throw new Violation('Something goes round for ever.');
}

const isStopped = ({ state }: RunRow): boolean => state === 'failed' || state === 'needs_attention';

/** What the runbook says of the code. */
function mend(world: World, run: RunRow, times: number): 'cancelled' | 'retried' {
  const { database, qlik } = world;
  world.tell(`an operator mends ${run.id} (${run.state}, ${run.errorCode})`);
  if (run.errorCode === 'SECRET_CAPACITY') qlik.makeRoomByHand(run.tenantHost);
  const isHopeless =
    run.errorCode === 'CLIENT_NOT_FOUND' ||
    run.errorCode === 'CREDENTIAL_REFUSED' ||
    (times > 1 && (run.errorCode === 'HINT_COLLISION' || run.errorCode === 'SECRET_CAPACITY'));
  if (run.state === 'needs_attention' && isHopeless && !run.cancelRequested) {
    database.cancel(run);
    return 'cancelled';
  }
  database.retry(run);
  return 'retried';
}
