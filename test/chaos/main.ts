import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAblations } from './ablations/run-ablations.js';
import { MODEL_ID, runModelProfile } from './model.js';
import { type ChaosOptions, parseOptions } from './options.js';
import { printTable } from './table.js';
import { Progress } from './progress.js';
import { runProfile } from './profile.js';
import { Rig } from './rig/rig.js';

const options = optionsOrEnd();
const folder = mkdtempSync(join(tmpdir(), 'provisioner-chaos-'));
// Root runs PostgreSQL as another user, who must be able to pass through.
chmodSync(folder, 0o711);
// Every process of every rig is ended with this one.
process.setMaxListeners(100);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void endEarly());
process.stdout.write(`seed ${options.seed}: go on, or do it again, with --seed ${options.seed}\n`);
process.exitCode = (await (options.ablations ? runAblations(options.seed, folder, options.only) : runFaults())) ? 0 : 1;
rmSync(folder, { recursive: true, force: true });
// A rig that did not come up leaves servers, which would keep this process.
await Rig.endServers();
process.exit();

async function runFaults(): Promise<boolean> {
  const progress = Progress.open(options);
  if (options.only.includes(MODEL_ID)) await runModelProfile(options, progress);
  await runProfile(options, progress, folder);
  return printTable(progress.rows());
}

function optionsOrEnd(): ChaosOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
}

async function endEarly(): Promise<void> {
  await Rig.endServers();
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
}
