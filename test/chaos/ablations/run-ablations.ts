import { join } from 'node:path';
import { runBatch } from '../batch.js';
import type { Fault } from '../fault.js';
import { Random } from '../random.js';
import { type Backend, Rig } from '../rig/rig.js';
import { ordinaryWorkers } from '../rig/workers.js';
import { setScene } from '../scene.js';
import { type Counts, isClean, type ZeroCount, zeroCounts } from '../verdict/counts.js';
import { countPlaintext } from '../verdict/plaintext.js';
import { type Ablation, ablations } from './ablations.js';

/** Which fault noticed that a guard was gone, and by which counts; undefined where none did. */
interface Catch {
  ablation: Ablation;
  by: { fault: Fault; red: string } | undefined;
}

/** Takes one guard away at a time and runs the faults that must notice; prints a table and is true if every one was noticed. */
export async function runAblations(seed: number, folder: string, only: readonly string[]): Promise<boolean> {
  const catches: Catch[] = [];
  for (const ablation of ablations.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const caught = await tryAblation(ablation, seed, folder);
    process.stdout.write(
      `${ablation.name}: ${caught === undefined ? 'NOT CAUGHT' : `${caught.fault.id}, ${caught.red}`}\n`,
    );
    catches.push({ ablation, by: caught });
  }
  const lines = catches.map(
    ({ ablation, by }) => `| ${ablation.name} | ${by?.fault.id ?? 'none'} | ${by?.red ?? ''} |`,
  );
  process.stdout.write(
    `\n| guard taken away | caught by | counts that were not zero |\n| --- | --- | --- |\n${lines.join('\n')}\n`,
  );
  const missed = catches.filter(({ by }) => by === undefined).length;
  process.stdout.write(`\n${catches.length - missed} passed, ${missed} failed\n`);
  return missed === 0;
}

async function tryAblation(ablation: Ablation, seed: number, folder: string): Promise<Catch['by']> {
  for (const fault of ablation.by) {
    const backend: Backend = fault.backends?.[0] ?? 'postgres';
    const rig = await Rig.start(backend, join(folder, `${ablation.name} ${fault.id}`.replaceAll(/\W/g, '-')));
    try {
      const counts = await ablated(fault, ablation, rig, seed);
      if (!isClean(counts)) return { fault, red: describeRed(counts) };
    } finally {
      await rig.stop();
    }
  }
  return undefined;
}

async function ablated(fault: Fault, { name, edits, size }: Ablation, rig: Rig, seed: number): Promise<Counts> {
  const weakened: Fault = {
    ...fault,
    workers: (of) =>
      (fault.workers?.(of) ?? ordinaryWorkers).map((setup) => ({
        ...setup,
        edits: [...(setup.edits ?? []), ...edits],
      })),
  };
  const scene = await setScene(weakened, rig, `${fault.id}-a-`.toLowerCase(), size, new Random(seed, name, fault.id));
  const counts = await runBatch(weakened, scene, { stallMs: 20_000 });
  counts.plaintext = await countPlaintext(rig);
  return counts;
}

const describeRed = (counts: Counts): string =>
  (Object.entries(zeroCounts) as [ZeroCount, string][])
    .filter(([key]) => counts[key] !== 0)
    .map(([key, title]) => `${title} ${counts[key]}`)
    .join(', ');
