import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, type Scene } from './fault.js';
import { until } from './patiently.js';
import { inParallel } from './rig/signup-backend.js';
import { type Counts } from './verdict/counts.js';
import { judge } from './verdict/judge.js';
import { countStepsDone, runsOf } from './verdict/runs-of.js';

/** Without any run coming to a stop, or a step to its end, for so long, a batch is given up: what is open then is unsettled. */
const STALL_MS = 90_000;
const OPERATOR_ROUNDS = 5;
/** So many customers of a batch are left to the fault's last worker. */
const LEFT_TO_THE_LAST = 5;

/** Accepts a batch's customers under the fault, lets everything come to an end, has an operator retry what stopped, and counts. */
export async function runBatch(
  fault: Fault,
  scene: Scene,
  { stallMs = STALL_MS, rounds = OPERATOR_ROUNDS } = {},
): Promise<Counts> {
  try {
    await fault.prepare?.(scene);
    return await disturb(fault, scene, stallMs, rounds);
  } finally {
    await scene.rotations?.consumer.end();
  }
}

async function disturb(fault: Fault, scene: Scene, stallMs: number, rounds: number): Promise<Counts> {
  const disturbance = await fault.begin(scene);
  const meanwhile = scene.names.slice(0, fault.lastWorker === undefined ? undefined : -LEFT_TO_THE_LAST);
  let injected: number;
  try {
    await acceptAll(fault, scene, meanwhile);
    log(scene, 'accepted');
    await settle(scene, fault.untilStopped ?? 1, stallMs);
  } finally {
    injected = await disturbance.end();
  }
  log(scene, 'calm');
  await settle(scene, 1, stallMs);
  log(scene, 'stopped');
  const surprises = endedWorkers(fault, scene);
  const retried = await operate(fault, scene, stallMs, rounds, surprises);
  if (fault.lastWorker !== undefined) {
    await scene.rig.workers.endAllBut(fault.lastWorker);
    await acceptAll(fault, scene, scene.names.slice(meanwhile.length));
    await settle(scene, 1, stallMs);
    log(scene, 'last worker done');
  }
  return judge(fault, scene, { injected, retried, surprises });
}

const log = ({ prefix }: Scene, what: string): void =>
  void process.stderr.write(`${new Date().toISOString()} ${prefix} ${what}\n`);

async function acceptAll(fault: Fault, scene: Scene, names: readonly string[]): Promise<void> {
  const accept = fault.accept ?? (({ backend }: Scene, name: string) => backend.onboard(name));
  const startedAt = Date.now();
  let begun = 0;
  await inParallel(names, 8, async (name) => {
    const dueAt = startedAt + (begun++ / (fault.perSecond ?? Infinity)) * 1000;
    if (dueAt > Date.now()) await pause(dueAt - Date.now());
    scene.signups.push(await accept(scene, name));
  });
}

/** Resolves when this share of the runs has stopped, or when nothing moves any more. */
async function settle(scene: Scene, share: number, stallMs: number): Promise<void> {
  let open = Infinity;
  let stepsDone = 0;
  let movedAt = Date.now();
  await until(
    async () => {
      const now = (await runsOf(scene)).open;
      if (now !== open) movedAt = Date.now();
      open = now;
      if (open <= scene.signups.length * (1 - share)) return true;
      if (Date.now() - movedAt <= stallMs) return false;
      // Where every run dies on its way, all of them can get far before the first one ends.
      const stepsBefore = stepsDone;
      stepsDone = await countStepsDone(scene);
      movedAt = Date.now();
      return stepsDone === stepsBefore;
    },
    86_400_000,
    () => 'A batch took a day.',
  );
}

/** Workers that ended though nothing ended them. */
function endedWorkers({ workersEnd = false }: Fault, { rig }: Scene): string[] {
  if (workersEnd) return [];
  const places = Array.from({ length: rig.workers.count }, (_, place) => place);
  return places.filter((place) => rig.workers.isGone(place)).map((place) => rig.workers.describeEnd(place));
}

/** Retries what stopped, as an operator would, until all is well or so many rounds were of no use. */
async function operate(
  fault: Fault,
  scene: Scene,
  stallMs: number,
  rounds: number,
  surprises: string[],
): Promise<number> {
  let retried = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { stopped } = await runsOf(scene);
    const signups = scene.signups.filter(
      ({ customerId, name }) => stopped.has(customerId) && !fault.neverReady?.(name),
    );
    const before = retried;
    await inParallel(signups, 8, async (signup) => {
      const run = stopped.get(signup.customerId)!;
      const code = run.error?.code ?? 'no code';
      if (fault.mend === undefined && fault.mayStopWith?.includes(code) !== true)
        surprises.push(`${signup.name} stopped with ${code}`);
      const next = (await fault.mend?.(scene, signup, run)) ?? 'retry';
      if (next === 'leave') return;
      await scene.backend.change(run.id, 'retry', 'the fault is over');
      retried += 1;
    });
    if (retried === before) return retried;
    await settle(scene, 1, stallMs);
  }
  return retried;
}
