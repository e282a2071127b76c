import type { BackendFactory, ConnectionOptions } from 'bullmq';
import type { QueueBackend } from './queue-backend-claim.js';

/** `producer` sends wake-ups; `consumer` takes them, and may send them too. */
export type QueueRole = 'producer' | 'consumer';

/** What a process holds of the queue's backend, and lends to BullMQ: closed by us, after the queue and the workers. */
export interface QueueConnections {
  readonly backend: QueueBackend;
  readonly factory: BackendFactory;
  /** Fails at once while the backend is away. */
  readonly producer: ConnectionOptions;
  /** Waits for the backend; only in a consumer. */
  readonly consumer: ConnectionOptions | undefined;
  /** Resolves when commands would wait for the backend instead of failing: at once if it is away, never on PostgreSQL. */
  whenLost(): Promise<unknown>;
  close(): Promise<void>;
}
