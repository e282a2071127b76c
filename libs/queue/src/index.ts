export { RUNS_QUEUE, RunWakeUp } from './job-catalog.js';
export { migrateQueue } from './migrate-queue.js';
export { type QueueBackend } from './queue-backend-claim.js';
export type { QueueModuleOptions } from './queue-connections.module.js';
export type { QueueRole } from './queue-connections.js';
export { queueSettings } from './queue.config.js';
export { QueueModule } from './queue.module.js';
export { type WakeUp, WakeUps } from './wake-ups.js';
export { runWorkerOptions } from './worker-options.js';
