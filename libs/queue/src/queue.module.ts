import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Queue } from 'bullmq';
import { RUNS_QUEUE } from './job-catalog.js';
import { OutageLog } from './outage-log.js';
import { QUEUE_CONNECTIONS, QueueConnectionsModule, type QueueModuleOptions } from './queue-connections.module.js';
import type { QueueConnections } from './queue-connections.js';
import { QueueWorkers } from './queue-workers.js';
import { WAKE_UP_QUEUE, WakeUps } from './wake-ups.js';

const KEY_PREFIX = 'tp';

/** Gives a process `WakeUps`, and a consumer what its `@Processor(RUNS_QUEUE, …)` runs on. Needs the global `DatabaseModule`. */
@Module({})
export class QueueModule {
  /** Refuses to start with QUEUE_BACKEND_MISMATCH, QUEUE_NOT_MIGRATED, or as a consumer without a processor. */
  static forRoot(options: QueueModuleOptions): DynamicModule {
    const connections = QueueConnectionsModule.forRoot(options);
    const wakeUpQueue = {
      provide: WAKE_UP_QUEUE,
      inject: [QUEUE_CONNECTIONS, OutageLog],
      useFactory: ({ producer, factory }: QueueConnections, outages: OutageLog) =>
        new Queue(
          RUNS_QUEUE,
          { connection: producer, prefix: KEY_PREFIX, skipVersionCheck: true, skipWaitingForReady: true },
          factory as never,
        ).on('error', outages.note),
    };
    const consuming =
      options.role === 'consumer'
        ? {
            imports: [
              DiscoveryModule,
              BullModule.forRootAsync({
                imports: [connections],
                inject: [QUEUE_CONNECTIONS],
                useFactory: ({ consumer }: QueueConnections) => ({ connection: consumer!, prefix: KEY_PREFIX }),
              }),
              // No queue of Nest's own, so that workers take the connection above and not a producer's.
              BullModule.registerQueue(),
            ],
            providers: [QueueWorkers],
          }
        : { imports: [], providers: [] };
    return {
      module: QueueModule,
      imports: [connections, ...consuming.imports],
      providers: [wakeUpQueue, WakeUps, ...consuming.providers],
      exports: [WakeUps],
    };
  }
}
