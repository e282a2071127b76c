import { runMigrations } from 'bullmq';
import { Client } from 'pg';
import type { Secret } from '@app/platform';
import { QUEUE_SCHEMA } from './postgres-queue.js';

/** Brings the queue's own tables up to date, in the PostgreSQL schema `bullmq`. Several processes may do so at once: BullMQ takes an advisory lock. */
export async function migrateQueue(databaseUrl: Secret): Promise<void> {
  const client = new Client({ connectionString: databaseUrl.reveal(), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    await client.end();
  }
}
