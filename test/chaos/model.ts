import { describeCounterexample, runModel } from '../model/run-model.js';
import type { ChaosOptions } from './options.js';
import type { Progress } from './progress.js';
import { Random } from './random.js';
import { noCounts } from './verdict/counts.js';

/** F22: the protocol without its servers. */
export const MODEL_ID = 'F22';
/** The title of its row. */
export const MODEL_TITLE =
  'the model: schedules of crashes, clocks and a simulated Qlik; a counterexample counts as unsettled';

const SCHEDULES = { ci: 10_000, full: 1_000_000 };
const BATCH = 50_000;

/** Lives through the profile's schedules, batch by batch; stops at the first counterexample and prints it. */
export async function runModelProfile({ profile, seed }: ChaosOptions, progress: Progress): Promise<void> {
  const size = Math.min(BATCH, SCHEDULES[profile]);
  for (let batch = 0; batch * BATCH < SCHEDULES[profile]; batch += 1) {
    if (progress.has(MODEL_ID, 'none', batch)) continue;
    const startedAt = Date.now();
    const result = await runModel({ schedules: size, seed: new Random(seed, MODEL_ID, batch).between(0, 2 ** 31 - 1) });
    const counts = {
      ...noCounts(),
      accepted: result.schedules,
      injected: result.schedules,
      unsettled: result.counterexample === undefined ? 0 : 1,
    };
    progress.add({ fault: MODEL_ID, backend: 'none', batch, counts, tookMs: Date.now() - startedAt });
    if (result.counterexample === undefined) continue;
    process.stdout.write(`${describeCounterexample(result.counterexample)}\n`);
    return;
  }
}
