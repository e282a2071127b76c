import 'reflect-metadata';
import { explainStartFailure, runProcess } from '@app/platform';
import { startQuickstart } from './start-quickstart.js';

if (process.argv.includes('--exit')) {
  try {
    const quickstart = await startQuickstart(process.env, process.stdout);
    await quickstart.close();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${explainStartFailure(error)}\n`);
    process.exit(1);
  }
}
await runProcess((env) => startQuickstart(env, process.stdout));
