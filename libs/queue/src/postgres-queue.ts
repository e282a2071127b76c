import { assertSchemaCompatibility, SchemaMigrationRequiredError, type ConnectionOptions } from 'bullmq';
import type { Pool } from 'pg';
import { DomainError, openConnectionPool, type Secret } from '@app/platform';
import { createListeningBackend } from './listening-backend.js';
import type { OutageLog } from './outage-log.js';
import type { QueueConnections, QueueRole } from './queue-connections.js';

/** The PostgreSQL schema that holds BullMQ's tables. */
export const QUEUE_SCHEMA = 'bullmq';

/** BullMQ's statements take milliseconds; and what waits for one that is never answered takes no job meanwhile. */
const ANSWER_WITHIN_MS = 10_000;

/** Makes the queue's one pool of a process, every connection of which is heard. */
export function openQueuePool(databaseUrl: Secret, role: QueueRole, workers: number, outages: OutageLog): Pool {
  return openConnectionPool({
    url: databaseUrl,
    // Each worker keeps one connection for LISTEN.
    max: role === 'consumer' ? workers + 3 : 3,
    connectWithinMs: role === 'consumer' ? 5_000 : 1_000,
    answerWithinMs: ANSWER_WITHIN_MS,
    sessionOptions: `-c search_path=${QUEUE_SCHEMA}`,
    noteLoss: outages.note,
  });
}

/** Opens the queue in its database. Throws QUEUE_NOT_MIGRATED when its tables are not there. */
export async function openPostgresQueue(
  databaseUrl: Secret,
  role: QueueRole,
  workers: number,
  outages: OutageLog,
): Promise<QueueConnections> {
  const pool = openQueuePool(databaseUrl, role, workers, outages);
  try {
    await assertSchemaCompatibility(pool, QUEUE_SCHEMA);
  } catch (error) {
    await pool.end();
    if (!(error instanceof SchemaMigrationRequiredError)) throw error;
    throw new DomainError(
      'unavailable',
      'QUEUE_NOT_MIGRATED',
      'The tables of the queue (schema "bullmq") are missing: run `npm run db:migrate`.',
      {
        cause: error,
      },
    );
  }
  const connection = pool as unknown as ConnectionOptions;
  return {
    backend: 'postgres',
    factory: createListeningBackend,
    producer: connection,
    consumer: role === 'consumer' ? connection : undefined,
    whenLost: () => new Promise(() => undefined),
    close: () => pool.end(),
  };
}
