import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { DomainError } from '@app/platform';
import { jobCatalog, type RunWakeUp } from './job-catalog.js';

/** The injection token of the queue that wake-ups are sent to. */
export const WAKE_UP_QUEUE = Symbol('wake-up queue');

/** How long the queue may take for one wake-up, and for many at once. */
const ONE_WITHIN_MS = 1_000;
const MANY_WITHIN_MS = 5_000;

/** A wake-up of the run as it stood at `fence`: sent twice, it is one job while it is in the queue. */
export interface WakeUp extends RunWakeUp {
  fence: number;
  /** Tells a later wake-up from the first one, whose job may be in the hands of a worker that died before it claimed the run. */
  again?: number;
}

/** Wakes a worker for a run, after the commit that made it due. What the queue does not take is due all the same, and the sweep sends it again. */
@Injectable()
export class WakeUps {
  constructor(@Inject(WAKE_UP_QUEUE) private readonly queue: Pick<Queue, 'add' | 'addBulk'>) {}

  /** Puts the wake-up into the queue, due in `delayMs`. Rejects with QUEUE_UNAVAILABLE within a second when the queue does not take it. */
  async send(wakeUp: WakeUp, options: { delayMs?: number } = {}): Promise<void> {
    const { name, data, opts } = jobOf(wakeUp, options.delayMs);
    await taken(this.queue.add(name, data, opts), ONE_WITHIN_MS, `the wake-up of run "${data.runId}"`);
  }

  /**
   * Puts all of them into the queue by one command: one by one, hundreds would hold the connections of a process for seconds, those that
   * its worker needs among them. Rejects with QUEUE_UNAVAILABLE within five seconds when the queue does not take them.
   */
  async sendAll(wakeUps: readonly WakeUp[]): Promise<void> {
    const jobs = wakeUps.map((wakeUp) => jobOf(wakeUp));
    await taken(this.queue.addBulk(jobs), MANY_WITHIN_MS, `${jobs.length} wake-ups`);
  }
}

function jobOf({ fence, again, ...payload }: WakeUp, delayMs = 0) {
  const { name, payload: schema } = jobCatalog.runWakeUp;
  const data = schema.parse(payload);
  const jobId = [data.runId, fence, ...(again === undefined ? [] : [again])].join('.');
  return { name, data, opts: { jobId, delay: delayMs, attempts: 1, removeOnComplete: true, removeOnFail: true } };
}

/** What was given up on may still reach the queue: the jobs are the same ones, so nothing is doubled. */
async function taken(sent: Promise<unknown>, withinMs: number, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${withinMs} ms.`)), withinMs);
  });
  try {
    await Promise.race([sent, deadline]);
  } catch (cause) {
    throw new DomainError(
      'unavailable',
      'QUEUE_UNAVAILABLE',
      `The queue did not take ${what}; the sweep sends again what is due.`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}
