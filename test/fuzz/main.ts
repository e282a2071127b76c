import { parseOptions } from './options.js';
import { startPostgres } from './postgres.js';
import { setScene } from './scene.js';
import { Walk, type WalkOptions } from './walk.js';

const options = optionsOrEnd();
process.stdout.write(`seed ${options.seed}: the same requests again with --seed ${options.seed}\n`);
const stopPostgres = await startPostgres();
try {
  process.exitCode = (await fuzz()) ? 0 : 1;
} finally {
  await stopPostgres();
}

async function fuzz(): Promise<boolean> {
  const scene = await setScene();
  try {
    const begun = performance.now();
    const tally = await Walk.run(scene, options);
    const seconds = Math.round((performance.now() - begun) / 1000);
    if (options.path === undefined) process.stdout.write(`${tally.describe()}\n`);
    const { failures, neverAccepted, requests } = tally;
    if (neverAccepted.length > 0 && options.path === undefined)
      process.stdout.write(`\nnever accepted: ${neverAccepted.join(', ')}\n`);
    if (failures.length > 0) process.stdout.write(`\n${tally.describeFailures(options.seed)}\n`);
    process.stdout.write(`\n${requests} requests in ${seconds} s, ${failures.length} mistakes\n`);
    return failures.length === 0;
  } finally {
    await scene.close();
  }
}

function optionsOrEnd(): WalkOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
}
