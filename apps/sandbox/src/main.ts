import { readConfig } from './sandbox.config.js';
import { StartError } from './start-error.js';
import { startSandbox, type Sandbox } from './start-sandbox.js';

try {
  const sandbox = await startSandbox(readConfig(process.env));
  process.once('SIGTERM', () => void stop(sandbox));
  process.once('SIGINT', () => void stop(sandbox));
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function stop(sandbox: Sandbox): Promise<void> {
  await sandbox.close();
  process.exit(0);
}
