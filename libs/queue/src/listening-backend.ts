import { type BackendFactory, type ConnectionOptions, createPostgresBackend, type IQueueBackend } from 'bullmq';

const LISTENS_AGAIN_AFTER_S = 10;

/**
 * Makes BullMQ's backend on PostgreSQL, with a worker that is not deaf for longer than its next LISTEN takes. BullMQ listens once, and then waits for up
 * to an hour while the next wake-up it knows of is that far away; on a connection that has gone silent it would hear of nothing else until then.
 */
export const createListeningBackend: BackendFactory = (name, options, roles) => {
  const backend = (createPostgresBackend as BackendFactory<IQueueBackend, ConnectionOptions>)(name, options, roles);
  const waitForJob = backend.waitForJob.bind(backend);
  backend.waitForJob = async (seconds) => {
    const heard = await waitForJob(Math.min(seconds, LISTENS_AGAIN_AFTER_S));
    // The next wait begins with LISTEN: without an answer to it, the pool ends the connection, and another one listens.
    if (heard === null) await backend.reconnectBlocking();
    return heard;
  };
  return backend;
};
