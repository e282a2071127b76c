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

/** What is broken on purpose is not waited for as long as what should be well: one more look by an operator, and 45 s for what does not move. */
const PATIENCE = { stallMs: 45_000, rounds: 1 };

/** What became of a guard's removal: `isCaught` when the counts that are about it turned red, and were not without the removal. */
interface Verdict {
  ablation: Ablation;
  isCaught: boolean;
  seen: string;
}

/** Takes one guard away at a time, each after a control with the same fault and nothing taken away; prints a table and is true if every one was noticed. */
export async function runAblations(seed: number, folder: string, only: readonly string[]): Promise<boolean> {
  const controls = new Map<string, Counts>();
  const verdicts: Verdict[] = [];
  for (const ablation of ablations.filter(({ name }) => only.includes(name))) {
    const { by, control = by, besides = [], size } = ablation;
    const key = `${control.id} ${size} ${besides.join(',')}`;
    const clean = controls.get(key) ?? (await runWith(control, besides, size, new Random(seed, key), folder));
    controls.set(key, clean);
    const counts = await runWith(by, [...besides, ...ablation.edits], size, new Random(seed, ablation.name), folder);
    const isControlClean = isClean(clean, control);
    const isCaught = isControlClean && ablation.red.some((count) => counts[count] !== 0);
    const seen = isControlClean ? describeRed(counts) : `the control is not clean: ${describeRed(clean)}`;
    process.stdout.write(`${ablation.name}: ${isCaught ? '' : 'NOT CAUGHT '}${seen}\n`);
    verdicts.push({ ablation, isCaught, seen });
  }
  return print(verdicts);
}

function print(verdicts: readonly Verdict[]): boolean {
  const lines = verdicts.map(
    ({ ablation, isCaught, seen }) => `| ${ablation.name} | ${isCaught ? ablation.by.id : 'nothing'} | ${seen} |`,
  );
  process.stdout.write(`\n| guard taken away | caught by | counts that were not zero |\n| --- | --- | --- |\n`);
  process.stdout.write(`${lines.join('\n')}\n`);
  const missed = verdicts.filter(({ isCaught }) => !isCaught).length;
  process.stdout.write(`\n${verdicts.length - missed} passed, ${missed} failed\n`);
  return missed === 0;
}

/** Lets a fault strike workers with these edits, on a rig of its own. */
async function runWith(
  fault: Fault,
  edits: readonly string[],
  size: number,
  random: Random,
  folder: string,
): Promise<Counts> {
  const backend: Backend = fault.backends?.[0] ?? 'postgres';
  const edited: Fault = {
    ...fault,
    workers: (rig) =>
      (fault.workers?.(rig) ?? ordinaryWorkers).map((setup) => ({
        ...setup,
        edits: [...(setup.edits ?? []), ...edits],
      })),
  };
  const rig = await Rig.start(backend, join(folder, `${random.seed()}`));
  try {
    const scene = await setScene(edited, rig, `${fault.id}-a-`.toLowerCase(), size, random);
    const counts = await runBatch(edited, scene, PATIENCE);
    return { ...counts, plaintext: await countPlaintext(rig) };
  } finally {
    await rig.stop();
  }
}

const describeRed = (counts: Counts): string =>
  (Object.entries(zeroCounts) as [ZeroCount, string][])
    .filter(([key]) => counts[key] !== 0)
    .map(([key, title]) => `${title} ${counts[key]}`)
    .join(', ');
