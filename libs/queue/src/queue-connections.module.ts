import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { setDefaultBackendFactory } from 'bullmq';
import { Database, type Secret } from '@app/platform';
import { OutageLog } from './outage-log.js';
import { openPostgresQueue } from './postgres-queue.js';
import { claimQueueBackend } from './queue-backend-claim.js';
import type { QueueConnections, QueueRole } from './queue-connections.js';
import { openRedisQueue } from './redis-queue.js';

/** The injection token of this process's `QueueConnections`. */
export const QUEUE_CONNECTIONS = Symbol('queue connections');

/** How a process takes part in the queue. */
export interface QueueModuleOptions {
  /** Redis carries the queue where given, PostgreSQL where not. */
  redisUrl?: Secret | undefined;
  databaseUrl: Secret;
  role: QueueRole;
  /** Processors of this process; PostgreSQL's pool is sized for them. */
  workers?: number;
}

/** Opens the connections to the queue's backend at start, after claiming it, and closes them last. */
@Module({})
export class QueueConnectionsModule implements OnApplicationShutdown {
  static forRoot({ redisUrl, databaseUrl, role, workers = 1 }: QueueModuleOptions): DynamicModule {
    const connections = {
      provide: QUEUE_CONNECTIONS,
      inject: [Database, OutageLog],
      useFactory: async (database: Database, outages: OutageLog): Promise<QueueConnections> => {
        await claimQueueBackend(database, redisUrl === undefined ? 'postgres' : 'redis');
        const opened =
          redisUrl === undefined
            ? await openPostgresQueue(databaseUrl, role, workers, outages)
            : await openRedisQueue(redisUrl, role, outages);
        // Nest makes the workers and hands them no backend.
        if (role === 'consumer') setDefaultBackendFactory(opened.factory);
        return opened;
      },
    };
    return { module: QueueConnectionsModule, providers: [OutageLog, connections], exports: [OutageLog, connections] };
  }

  constructor(@Inject(QUEUE_CONNECTIONS) private readonly connections: QueueConnections) {}

  async onApplicationShutdown(): Promise<void> {
    await this.connections.close();
  }
}
