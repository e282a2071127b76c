import type { WorkerOptions } from 'bullmq';

/**
 * How the worker's processor takes wake-ups: `@Processor(RUNS_QUEUE, runWorkerOptions)`. A job whose worker vanished is delivered again after
 * the lock (30 s) and the next look (15 s), and that a hundred times: the row, not the delivery count, decides when a run has had enough.
 * It takes its first job once every module of the process is up (QueueWorkers). Decorator options are static, so the number of runs at once is set on `worker.concurrency` at bootstrap.
 */
export const runWorkerOptions = {
  autorun: false,
  lockDuration: 30_000,
  stalledInterval: 15_000,
  maxStalledCount: 100,
} as const satisfies Partial<WorkerOptions>;
