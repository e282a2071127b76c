import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { type INestApplicationContext, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Job } from 'bullmq';
import { DatabaseModule, type Secret } from '@app/platform';
import { QueueModule, type QueueRole, RUNS_QUEUE, runWorkerOptions, type WakeUp } from '@app/queue';

/** A delivery as a test's processor sees it. */
export type Deliver = (job: Job, token: string | undefined) => Promise<void>;

/** What a process of the queue is started with. */
export interface QueueProcessOptions {
  databaseUrl: Secret;
  redisUrl?: Secret | undefined;
  role: QueueRole;
  /** Takes the jobs of a consumer. */
  deliver?: Deliver;
  workerOptions?: Partial<Record<'lockDuration' | 'stalledInterval' | 'lockRenewTime', number>> & {
    skipLockRenewal?: boolean;
  };
}

/** The trace that every such wake-up belongs to. */
export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A wake-up of a run that there is no other of. */
export const makeWakeUp = (): WakeUp => ({
  runId: randomUUID(),
  fence: 1,
  requestId: 'req-1',
  traceparent: TRACEPARENT,
});

/** The jobs that came, in order, to be taken one by one. */
export class Inbox {
  readonly #jobs: Job[] = [];
  readonly #arrived = new EventEmitter();

  readonly deliver = (job: Job): Promise<void> => {
    this.#jobs.push(job);
    this.#arrived.emit('job');
    return Promise.resolve();
  };

  /** The next job, as soon as there is one. */
  async next(): Promise<Job> {
    if (this.#jobs.length === 0) await once(this.#arrived, 'job');
    return this.#jobs.shift()!;
  }
}

/** Starts a Nest application with the queue as one of our processes has it. */
export async function startQueueProcess(options: QueueProcessOptions): Promise<INestApplicationContext> {
  const { databaseUrl, redisUrl, role, deliver } = options;
  const module = await Test.createTestingModule({
    imports: [
      DatabaseModule.forRoot({ url: databaseUrl, maxConnections: 3 }),
      QueueModule.forRoot({ databaseUrl, redisUrl, role }),
    ],
    providers: deliver === undefined ? [] : [processorOf(deliver, options.workerOptions)],
  }).compile();
  try {
    return await module.init();
  } catch (error) {
    await module.close();
    throw error;
  }
}

function processorOf(deliver: Deliver, workerOptions: QueueProcessOptions['workerOptions']): Type<WorkerHost> {
  @Processor(RUNS_QUEUE, { ...runWorkerOptions, ...workerOptions })
  class TestProcessor extends WorkerHost {
    override process(job: Job, token?: string): Promise<void> {
      return deliver(job, token);
    }
  }
  return TestProcessor;
}
