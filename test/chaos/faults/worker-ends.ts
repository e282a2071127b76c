import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Disturbance, Fault, Scene } from '../fault.js';
import { repeatedly } from '../repeatedly.js';

/** How long a stopped process sleeps: longer than its lease. */
const FREEZE_MS = 4_500;
/** From the signal to the end of a process that was told to end: 25 s, and what two busy cores add. */
const SIGTERM_LIMIT_MS = 26_000;

/** Gives each call to Qlik a time in which something can happen to its caller. */
export async function slowDownQlik({ rig }: Scene): Promise<void> {
  await rig.sandbox.addFault({ kind: 'delay', delayMs: 60 });
}

/** Kills a worker, and replaces it. */
export async function killWorker({ rig, random }: Scene): Promise<void> {
  const place = random.between(0, rig.workers.count - 1);
  await rig.workers.kill(place, 'SIGKILL');
  await rig.workers.start(place);
}

/** Stops a worker for longer than its lease, and lets it go on as if nothing had been. */
export async function freezeWorker({ rig, random }: Scene): Promise<void> {
  const place = random.between(0, rig.workers.count - 1);
  rig.workers.signal(place, 'SIGSTOP');
  await pause(FREEZE_MS);
  rig.workers.signal(place, 'SIGCONT');
}

/** Tells a worker to end, and replaces it. Throws when it takes longer than it may. */
export async function restartWorker({ rig, random }: Scene): Promise<{ code: number | null }> {
  const place = random.between(0, rig.workers.count - 1);
  // What keeps this process busy, the verdict on the other backend among it, has it hear of the end late.
  const lateness = monitorEventLoopDelay();
  lateness.enable();
  const { code, tookMs } = await rig.workers.kill(place, 'SIGTERM');
  lateness.disable();
  const lateMs = lateness.max / 1e6;
  if (tookMs - lateMs > SIGTERM_LIMIT_MS)
    throw new Error(
      `A worker took ${Math.round(tookMs)} ms to end, of which ${Math.round(lateMs)} ms may be the suite's.`,
    );
  await rig.workers.start(place);
  return { code };
}

/** Strikes the workers again and again while Qlik takes its time. */
const whileCalling =
  (strike: (scene: Scene) => Promise<unknown>, [fromMs, toMs]: readonly [number, number]) =>
  async (scene: Scene): Promise<Disturbance> => {
    await slowDownQlik(scene);
    const disturbance = repeatedly(
      async () => void (await strike(scene)),
      () => scene.random.between(fromMs, toMs),
    );
    return {
      end: async () => {
        const struck = await disturbance.end();
        await scene.rig.sandbox.clearFaults();
        return struck;
      },
    };
  };

/** F6 */
export const killedWorkers: Fault = {
  id: 'F6',
  title: 'SIGKILL of one of three workers, at most every 2 s',
  full: 3_000,
  perSecond: 15,
  untilStopped: 0.95,
  begin: whileCalling(killWorker, [2_000, 2_500]),
};

/** F7: here a POST may leave late, between the guard and the socket. */
export const frozenWorkers: Fault = {
  id: 'F7',
  title: 'SIGSTOP of a worker for longer than its lease, then SIGCONT',
  full: 2_000,
  perSecond: 12,
  untilStopped: 0.95,
  slipShare: 0.001,
  begin: whileCalling(freezeWorker, [300, 1_000]),
};

/** With nothing else amiss, a worker that is told to end ends well. */
async function restartWell(scene: Scene): Promise<void> {
  const { code } = await restartWorker(scene);
  if (code !== 0) throw new Error(`A worker that was told to end ended with ${code}.`);
}

/** F13, as far as onboarding goes. */
export const rollingRestart: Fault = {
  id: 'F13',
  title: 'SIGTERM rolling restart; each worker ends well, and in time',
  full: 1_000,
  perSecond: 10,
  untilStopped: 0.95,
  begin: whileCalling(restartWell, [200, 500]),
};
