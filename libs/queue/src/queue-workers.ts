import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { WorkerHost } from '@nestjs/bullmq';
import { DiscoveryService } from '@nestjs/core';
import type { Worker } from 'bullmq';
import { OutageLog } from './outage-log.js';
import type { QueueConnections } from './queue-connections.js';
import { QUEUE_CONNECTIONS } from './queue-connections.module.js';

/** Watches over the workers of this process: there is one, it begins when everything else is up, its errors are heard, and it ends before what its jobs need does. */
@Injectable()
export class QueueWorkers implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly outages: OutageLog,
    @Inject(QUEUE_CONNECTIONS) private readonly connections: QueueConnections,
  ) {}

  /** BullMQ's module, which this one imports, has made the workers by now. */
  onModuleInit(): void {
    for (const worker of this.#findWorkers()) worker.on('error', this.outages.note);
  }

  async onApplicationBootstrap(): Promise<void> {
    const workers = this.#findWorkers();
    if (workers.length === 0) {
      throw new Error(
        'This process is a consumer of the queue and has no processor: provide a class with @Processor(RUNS_QUEUE, runWorkerOptions).',
      );
    }
    // A worker that could not look at its tables once never takes a job; on Redis it waits for the server.
    if (this.connections.backend === 'postgres') await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    for (const worker of workers) worker.run().catch(this.outages.note);
  }

  /** Lets the jobs under way end while the database is still there: providers are shut down in the phase after this one. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#findWorkers().map((worker) => this.#close(worker)));
  }

  /** Asked for anew each time: a start that fails half-way is shut down too. */
  #findWorkers(): Worker[] {
    const instances: unknown[] = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    return instances.filter((instance) => instance instanceof WorkerHost).flatMap(workerOf);
  }

  async #close(worker: Worker): Promise<void> {
    const closed = worker.close();
    const lost = await Promise.race([closed.then(() => false), this.connections.whenLost().then(() => true)]);
    if (!lost) return;
    // BullMQ would wait for the server to come back: what it cannot finish is delivered again, to another process.
    await this.connections.close();
    await closed;
  }
}

/** Nest gives a host its worker when its module is initialised; before that, asking for it throws. */
function workerOf(host: object): Worker[] {
  const { _worker: worker } = host as { _worker?: Worker };
  return worker === undefined ? [] : [worker];
}
