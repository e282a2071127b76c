import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { DomainError } from '@app/platform';
import { jobCatalog, type RunWakeUp } from './job-catalog.js';

/** The injection token of the queue that wake-ups are sent to. */
export const WAKE_UP_QUEUE = Symbol('wake-up queue');

const SEND_DEADLINE_MS = 1_000;

/** A wake-up of the run as it stood at `fence`: sent twice, it is one job while it is in the queue. */
export interface WakeUp extends RunWakeUp {
  fence: number;
  /** Tells a later wake-up from the first one, whose job may be in the hands of a worker that died before it claimed the run. */
  again?: number;
}

/** Wakes a worker for a run, after the commit that made it due. */
@Injectable()
export class WakeUps {
  constructor(@Inject(WAKE_UP_QUEUE) private readonly queue: Pick<Queue, 'add'>) {}

  /**
   * Puts the wake-up into the queue, due in `delayMs`. Rejects with QUEUE_UNAVAILABLE within a second when the queue does not take it:
   * the row is due all the same, and the sweep sends it again.
   */
  async send({ fence, again, ...payload }: WakeUp, options: { delayMs?: number } = {}): Promise<void> {
    const { name, payload: schema } = jobCatalog.runWakeUp;
    const data = schema.parse(payload);
    try {
      await withinDeadline(
        this.queue.add(name, data, {
          jobId: [data.runId, fence, ...(again === undefined ? [] : [again])].join('.'),
          delay: options.delayMs ?? 0,
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        }),
      );
    } catch (cause) {
      throw new DomainError(
        'unavailable',
        'QUEUE_UNAVAILABLE',
        `The queue did not take the wake-up of run "${data.runId}"; the sweep sends it again.`,
        { cause },
      );
    }
  }
}

/** An `add` given up on may still reach the queue: the job is the same one, so nothing is doubled. */
async function withinDeadline(sent: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${SEND_DEADLINE_MS} ms.`)), SEND_DEADLINE_MS);
  });
  try {
    await Promise.race([sent, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
