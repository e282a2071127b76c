import 'reflect-metadata';
import { describeStartError } from './start-error.js';
import { type Api, startApi } from './start-api.js';

try {
  const api = await startApi(process.env);
  process.once('SIGTERM', () => void stop(api));
  process.once('SIGINT', () => void stop(api));
} catch (error) {
  const sentence = describeStartError(error);
  if (sentence === undefined) throw error;
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

async function stop(api: Api): Promise<void> {
  await api.close();
  process.exit(0);
}
