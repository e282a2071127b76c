import { join } from 'node:path';
import { runBatch } from './batch.js';
import type { Fault } from './fault.js';
import { faults } from './faults/all.js';
import type { ChaosOptions } from './options.js';
import type { BatchRow, Progress } from './progress.js';
import { Random } from './random.js';
import { type Backend, Rig } from './rig/rig.js';
import { setScene } from './scene.js';
import { noCounts } from './verdict/counts.js';
import { countPlaintext } from './verdict/plaintext.js';

const BATCH = 1_000;
/** Of the table, for the profile `ci`. */
const CI_SHARE = 0.1;

/** Runs the chosen faults on the chosen backends, batch by batch, and notes what each came to. The backends are struck side by side: most of the time is waiting. */
export async function runProfile(options: ChaosOptions, progress: Progress, folder: string): Promise<void> {
  await Promise.all(options.backends.map((backend) => runBackend(backend, options, progress, folder)));
}

async function runBackend(backend: Backend, options: ChaosOptions, progress: Progress, folder: string): Promise<void> {
  let rig: Rig | undefined;
  for (const { fault, batch, size } of batchesOf(options, backend)) {
    if (progress.has(fault.id, backend, batch)) continue;
    const startedAt = Date.now();
    let row: Pick<BatchRow, 'counts' | 'error'>;
    try {
      rig ??= await Rig.start(backend, join(folder, `${backend}-${fault.id}-${batch}`));
      const prefix = `${fault.id}-${backend[0]}${batch}-`.toLowerCase();
      const random = new Random(options.seed, backend, fault.id, batch);
      const scene = await setScene(fault, rig, prefix, size, random);
      row = { counts: { ...(await runBatch(fault, scene)), plaintext: await countPlaintext(rig) } };
    } catch (error) {
      process.stderr.write(`${fault.id} ${backend} batch ${batch + 1}: ${(error as Error).stack}\n`);
      row = { counts: noCounts(), error: (error as Error).message };
      // Whatever state it is in, the next fault gets another.
      await rig?.stop();
      rig = undefined;
    }
    progress.add({ fault: fault.id, backend, batch, ...row, tookMs: Date.now() - startedAt });
    process.stdout.write(`${fault.id} ${backend} batch ${batch + 1}: ${JSON.stringify(row)}\n`);
  }
  await rig?.stop();
}

function batchesOf({ only, profile }: ChaosOptions, backend: Backend) {
  return faults
    .filter(({ id, backends = [backend] }) => only.includes(id) && backends.includes(backend))
    .flatMap((fault) => batchSizes(fault, profile).map((size, batch) => ({ fault, batch, size })));
}

function batchSizes(
  { full, ci = Math.max(1, Math.round(full * CI_SHARE)), batch = BATCH }: Fault,
  profile: ChaosOptions['profile'],
): number[] {
  let rest = profile === 'full' ? full : ci;
  const sizes: number[] = [];
  for (; rest > 0; rest -= batch) sizes.push(Math.min(rest, batch));
  return sizes;
}
