import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Queue } from 'bullmq';
import { WakeUps } from './wake-ups.js';

const wakeUp = { runId: '0192f0c1-2a3b-7c4d-8e5f-0a1b2c3d4e5f', fence: 7, requestId: 'req-1' };

/** A queue whose `add` does as told; it keeps what it was given. */
function queueThat(answer: () => Promise<unknown>) {
  const added: unknown[][] = [];
  const add = (...job: unknown[]) => {
    added.push(job);
    return answer();
  };
  return { added, queue: { add } as unknown as Pick<Queue, 'add'> };
}

describe('WakeUps', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('names the job by run and fence, and leaves attempts and history to the row', async () => {
    const { queue, added } = queueThat(() => Promise.resolve());
    await new WakeUps(queue).send(wakeUp, { delayMs: 250 });
    expect(added).toEqual([
      [
        'wake-up',
        { runId: wakeUp.runId, requestId: 'req-1' },
        { jobId: `${wakeUp.runId}.7`, delay: 250, attempts: 1, removeOnComplete: true, removeOnFail: true },
      ],
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives up after a second on a queue that does not answer', async () => {
    const { queue } = queueThat(() => new Promise(() => undefined));
    const refused = expect(new WakeUps(queue).send(wakeUp)).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: `The queue did not take the wake-up of run "${wakeUp.runId}"; the sweep sends it again.`,
    });
    await jest.advanceTimersByTimeAsync(1_000);
    await refused;
  });

  it('adds nothing that is not in the catalog', async () => {
    const { queue, added } = queueThat(() => Promise.resolve());
    await expect(new WakeUps(queue).send({ ...wakeUp, traceparent: 'none' })).rejects.toThrow('traceparent');
    expect(added).toEqual([]);
  });
});
