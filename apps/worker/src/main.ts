import 'reflect-metadata';
import { runProcess } from '@app/platform';
import { startWorker } from './start-worker.js';

await runProcess((env) => startWorker(env));
