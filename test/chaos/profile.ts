import { join } from 'node:path';
import { runBatch } from './batch.js';
import type { Fault } from './fault.js';
import { faults } from './faults/all.js';
import type { ChaosOptions } from './options.js';
import type { Progress } from './progress.js';
import { Random } from './random.js';
import { type Backend, Rig } from './rig/rig.js';
import { setScene } from './scene.js';
import { countPlaintext } from './verdict/plaintext.js';

const BATCH = 1_000;
/** Of the table, for the profile `ci`. */
const CI_SHARE = 0.1;

/** Runs the chosen faults on the chosen backends, batch by batch, and notes what each came to. */
export async function runProfile(options: ChaosOptions, progress: Progress, folder: string): Promise<void> {
  for (const backend of options.backends) {
    const chosen = faults.filter(
      ({ id, backends = [backend] }) => options.only.includes(id) && backends.includes(backend),
    );
    if (chosen.length === 0) continue;
    const rig = await Rig.start(backend, join(folder, backend));
    try {
      for (const fault of chosen) await runFault(fault, backend, rig, options, progress);
    } finally {
      await rig.stop();
    }
  }
}

async function runFault(
  fault: Fault,
  backend: Backend,
  rig: Rig,
  options: ChaosOptions,
  progress: Progress,
): Promise<void> {
  const sizes = batchSizes(fault, options.profile);
  for (const [batch, size] of sizes.entries()) {
    if (progress.has(fault.id, backend, batch)) continue;
    const startedAt = Date.now();
    const prefix = `${fault.id}-${backend[0]}${batch}-`.toLowerCase();
    const random = new Random(options.seed, backend, fault.id, batch);
    const scene = await setScene(fault, rig, prefix, size, random);
    const counts = await runBatch(fault, scene);
    if (batch === sizes.length - 1) counts.plaintext = await countPlaintext(rig);
    const tookMs = Date.now() - startedAt;
    progress.add({ fault: fault.id, backend, batch, counts, tookMs });
    process.stdout.write(
      `${fault.id} ${backend} ${batch + 1}/${sizes.length}: ${JSON.stringify(counts)} in ${tookMs} ms\n`,
    );
  }
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
